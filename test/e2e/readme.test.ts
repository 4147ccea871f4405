import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";

const readme = readFileSync("README.md", "utf8");
const blocks = [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, , text = ""]) => text);

let program = "";

beforeAll(() => {
  program = builtCommand();
});

function blockThatHolds(words: string): string {
  return blocks.find((text) => text.includes(words)) ?? "";
}

describe("README.md shows what is printed", () => {
  test("parts of the audit of a stack", async () => {
    const cwd = "test/fixtures/stacks/seven";
    const { stdout } = await runCli(program, ["audit", "compose.yaml"], { cwd });
    const parts = blockThatHolds("Start here").split(/^…$/m);
    expect(parts.length).toBe(3);
    for (const part of parts) expect(stdout).toContain(part.trim());
  });

  test("a real before and after", async () => {
    const shown = blockThatHolds("bulkhead fix --apply");
    const [before = "", line = "", , ...rest] = shown.split("\n").slice(1);
    const folder = folderOf({ "run.sh": `${before}\n` });
    try {
      const words = line.replace("$ bulkhead ", "").split(" ");
      const { stderr } = await runCli(program, words, { cwd: folder.path });
      const after = readFileSync(`${folder.path}/run.sh`, "utf8");
      const cat = rest.indexOf("$ cat run.sh");
      expect(stderr).toContain(rest.slice(0, cat).join("\n"));
      expect(after).toBe(rest.slice(cat + 1).join("\n"));
    } finally {
      folder.remove();
    }
  });

  test("commands and options that there are", async () => {
    const { stdout: help } = await runCli(program, ["--help"]);
    const commands = new Set([...help.matchAll(/^ {2}([a-z-]+) {2,}/gm)].map(([, name]) => name));
    const said = [...readme.matchAll(/(?:^\.\/|`|\$ )bulkhead ([a-z][a-z-]*)((?: [^`\n|]*)?)/gm)];
    expect(said.length).toBeGreaterThan(20);
    for (const [whole, name = "", words = ""] of said) {
      expect([...commands], whole).toContain(name);
      const part = name === "guard" ? words.trim().split(" ")[0] : undefined;
      const { stdout } = await runCli(program, [name, ...(part ? [part] : []), "--help"]);
      for (const [option] of name === "run" ? [] : words.matchAll(/--[a-z-]+/g))
        expect(stdout, whole).toContain(option);
    }
  });

  test("files that there are", () => {
    for (const [, path = ""] of readme.matchAll(/\]\(([^)#:]+)\)/g))
      expect(() => readFileSync(path)).not.toThrow();
  });
});
