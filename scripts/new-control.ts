// npm run new:control -- AREA/ID: writes the control's file and its test, ready to be filled in, and lists it.
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
  `import { fail, pass, unknown } from "../../model/verdict.ts";
import type { Control } from "../control.ts";
import { manual } from "../control.ts";

export const ${name}: Control = {
  id: "${id}",
  title: "",
  why: "",
  row: undefined,
  severity: "medium",
  cis: [],
  where: ["F", "A"],
  references: [],
  examples: {
    bad: [{ syntax: "run", text: "docker run --init nginx" }],
    good: [{ syntax: "run", text: "docker run nginx" }],
  },
  check: {
    container({ privileged }) {
      if (privileged.state === "unresolved") return unknown(privileged.reason, privileged.origins);
      if (privileged.state === "set" && privileged.value) return pass();
      return fail("names the value and its consequence");
    },
  },
  remedy: { container: () => manual("Says what to do.") },
};
`,
);
writeFileSync(
  test,
  `import { run, testControl } from "../../../test/support/control-table.ts";
import { ${name} } from "./${id}.ts";

testControl(${name}, {
  fails: [run("docker run --init nginx")],
  passes: [run("docker run nginx")],
});
`,
);

const registry = "src/controls/registry.ts";
const text = readFileSync(registry, "utf8");
const lastImport = text.lastIndexOf("\nimport ");
const afterImports = text.indexOf("\n", lastImport + 1) + 1;
const listed = `${text.slice(0, afterImports)}import { ${name} } from "./${area}/${id}.ts";\n${text.slice(afterImports)}`;
writeFileSync(registry, listed.replace(/\n\];/, `\n  ${name},\n];`));
console.log(
  `${file}\n${test}\nNow: npx vitest run --project unit ${test} (it fails), then make it pass, then npm run docs.`,
);

function fail(reason: string): never {
  console.error(reason);
  process.exit(2);
}
