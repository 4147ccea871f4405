// npm run new:control -- AREA/ID: writes the control's file and its test, ready to be filled in, and lists it.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [area, id, ...more] = (process.argv[2] ?? "").split("/");
const areas = readdirSync("src/controls", { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

if (!area || !id || more.length > 0 || !/^[a-z]+(-[a-z]+)*$/.test(id))
  fail("usage: npm run new:control -- AREA/ID");
if (!areas.includes(area)) fail(`${area} is no area of controls: ${areas.join(", ")}`);

const file = join("src/controls", area, `${id}.ts`);
const test = join("src/controls", area, `${id}.test.ts`);
if (existsSync(file)) fail(`${file} is there already`);
const name = id.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

writeFileSync(
  file,
  `import { fail, pass } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";
import { judgeItems } from "../facts.ts";

export const ${name}: Control = {
  id: "${id}",
  title: "",
  why: "",
  row: undefined,
  severity: "medium",
  guard: "byName",
  cis: [],
  attack: ["T1611"],
  cwe: [250],
  where: ["F", "A"],
  references: [],
  examples: {
    bad: [{ syntax: "run", text: "docker run -v /bad:/bad nginx" }],
    good: [{ syntax: "run", text: "docker run nginx" }],
  },
  check: {
    container: ({ mounts }) =>
      judgeItems(mounts, ({ value: { target }, origins }) =>
        target === "/say-what-is-bad"
          ? fail(\`mounts \${target}: names the value and its consequence\`, { origins, evidence: target })
          : pass(),
      ),
  },
  remedy: { container: () => manual("Says what to do.") },
};
`,
);
writeFileSync(
  test,
  `import { compose, run, testControl } from "../../../test/support/control-table.ts";
import { ${name} } from "./${id}.ts";

testControl(${name}, {
  fails: [run("docker run -v /bad:/bad nginx"), compose("services: { a: { image: nginx, volumes: [/bad:/bad] } }")],
  passes: [run("docker run nginx")],
  unknown: [compose("services: { a: { image: nginx, volumes: ['\${UNSET}:/data'] } }")],
});
`,
);

const registry = "src/controls/registry.ts";
const text = readFileSync(registry, "utf8");
const lastImport = text.lastIndexOf("\nimport ");
const afterImports = text.indexOf("\n", lastImport + 1) + 1;
const listed = `${text.slice(0, afterImports)}import { ${name} } from "./${area}/${id}.ts";\n${text.slice(afterImports)}`;
writeFileSync(registry, listed.replace(/\n\];/, `\n  ${name},\n];`));
execFileSync("npx", ["biome", "check", "--write", "--log-level=error", file, test, registry], {
  stdio: ["ignore", "ignore", "inherit"],
});
console.log(
  `${file}\n${test}\nNow: npx vitest run --project unit ${test} (it fails), then make it pass, fill in the rest, npm run docs, npm run check.`,
);

function fail(reason: string): never {
  console.error(reason);
  process.exit(2);
}
