// Names the packages whose code esbuild put into dist/, from its metafiles:
//
//   licenses.txt   their licences, which ask to travel with the code
//   sbom.cdx.json  the same packages as a CycloneDX 1.5 document, for scanners
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `root` is the repository, `folder` the new dist/. `inputs` are the keys of each metafile's `inputs`. */
export function writeBundledPackages(root, folder, inputs) {
  const packages = [...new Set(inputs.map(packageFolder))]
    .filter((path) => path !== undefined)
    .map((path) => describe(join(root, path)))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const notice = readFileSync(join(root, "scripts/compose-spec/NOTICE"), "utf8");
  const texts = [...packages.map(licenceText), `Compose Specification, schema (Apache-2.0)\n\n${notice}`];
  writeFileSync(join(folder, "licenses.txt"), texts.join("\n"));
  writeFileSync(join(folder, "sbom.cdx.json"), `${JSON.stringify(document(root, packages), null, 2)}\n`);
}

/** `node_modules/a/node_modules/@b/c/lib/d.js` → `node_modules/a/node_modules/@b/c`. */
function packageFolder(input) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];
}

function describe(path) {
  const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
  const file = readdirSync(path).find((each) => /^licen[cs]e/i.test(each));
  return { name, version, license, text: file && readFileSync(join(path, file), "utf8").trim() };
}

function licenceText({ name, version, license, text }) {
  return `${name} ${version} (${license})\n\n${text ?? `Licence: ${license}`}\n`;
}

function document(root, packages) {
  const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const optional = Object.entries(own.optionalDependencies ?? {}).map(([name, version]) => ({
    ...component({ name, version }),
    scope: "optional",
  }));
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.5",
    version: 1,
    metadata: { component: { ...component(own), type: "application" } },
    components: [...packages.map(component), ...optional],
  };
}

function component({ name, version, license }) {
  const purl = `pkg:npm/${name.replace(/^@/, "%40")}@${version}`;
  return {
    type: "library",
    name,
    version,
    purl,
    "bom-ref": purl,
    ...(license && { licenses: [{ license: { id: license } }] }),
  };
}
