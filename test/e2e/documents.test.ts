import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";
import { expectDocument } from "../support/documents.ts";

let program = "";
const folder = folderOf({ "compose.yaml": readFileSync("examples/insecure/compose.yaml", "utf8") });

beforeAll(() => {
  program = builtCommand();
});

afterAll(() => folder.remove());

async function printed(...args: readonly string[]): Promise<unknown> {
  const { stdout, stderr } = await runCli(program, args, { cwd: folder.path });
  expect(stdout, stderr).not.toBe("");
  return JSON.parse(stdout);
}

test.each([["examples"], ["examples/hardened"], ["packaging"], ["/nonexistent"]])(
  "the report of %s is as its schema says",
  async (path) => {
    expectDocument("audit", await printed("audit", "--format", "json", resolve(path)));
  },
);

test("so is a report against a baseline, and the baseline", async () => {
  const file = join(folder.path, "baseline.json");
  await runCli(program, ["audit", "--write-baseline", file, "compose.yaml"], { cwd: folder.path });
  expectDocument("baseline", JSON.parse(readFileSync(file, "utf8")));
  expectDocument("audit", await printed("audit", "--format", "json", "--baseline", file, "compose.yaml"));
});

test("so is what fix would change", async () => {
  expectDocument("fix", await printed("fix", "--format", "json", "compose.yaml"));
});
