// Writes src/formats/compose/check/spec-schema.ts from scripts/compose-spec/compose-spec.json.
// With --check it writes nothing and exits 1 where the file differs from what would be written.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { composeShapes } from "./compose-spec/generate.ts";

const source = "scripts/compose-spec/compose-spec.json";
const target = "src/formats/compose/check/spec-schema.ts";
const wanted = execFileSync("node_modules/.bin/biome", ["check", "--write", `--stdin-file-path=${target}`], {
  input: composeShapes(readFileSync(source, "utf8")),
  encoding: "utf8",
});

if (!process.argv.includes("--check")) {
  writeFileSync(target, wanted);
  console.log(`${target} is written`);
} else if (readFileSync(target, "utf8") !== wanted) {
  console.error(`${target} is not what ${source} says: npm run compose-schema writes it`);
  process.exitCode = 1;
}
