import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { builtCommand, folderOf, runCli } from "../support/cli.ts";

const readme = readFileSync("README.md", "utf8");
const blocks = blocksOf(readme);

let program = "";

beforeAll(() => {
  program = builtCommand();
});

function blocksOf(text: string): readonly string[] {
  return [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map(([, , block = ""]) => block);
}

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

describe("the guides show what is printed", () => {
  test("docs/first-hour.md: the audit of the pasted file", async () => {
    const [file = "", ...rest] = blocksOf(readFileSync("docs/first-hour.md", "utf8"));
    const [, ...parts] = (rest.find((text) => text.startsWith("$ bulkhead audit")) ?? "").split(/^…$/m);
    const folder = folderOf({ "compose.yaml": file });
    try {
      const { stdout } = await runCli(program, ["audit", "compose.yaml"], { cwd: folder.path });
      expect(parts).toHaveLength(2);
      for (const part of parts) expect(stdout).toContain(part.trim());
    } finally {
      folder.remove();
    }
  });

  test("docs/fix.md: the example, what --apply makes of it, and --undo", async () => {
    const shown = blocksOf(readFileSync("docs/fix.md", "utf8"));
    const [line = "", ...printed] = (shown.find((text) => text.includes("--memory 128m")) ?? "").split("\n");
    const [, hunk = ""] = printed.join("\n").split(/^@@ .*@@\n/m);
    const before = hunk.split("\n\n")[0]?.match(/^[ -].*$/gm) ?? [];
    const text = before.map((each) => `${each.slice(1)}\n`).join("");
    const folder = folderOf({ "compose.yaml": text.replace("••••", "hunter2") });
    const options = { cwd: folder.path, env: { XDG_STATE_HOME: folder.path } };
    const wordsOf = (command: string) => command.replace("$ bulkhead ", "").split(" ");
    try {
      const { stdout } = await runCli(program, wordsOf(line), options);
      expect(stdout).toBe(printed.join("\n"));
      const taken = shown.find((each) => each.includes("$ bulkhead fix --undo")) ?? "";
      const [apply = "", , counted = "", audited = "", undo = "", ...undone] = taken.split("\n");
      const applied = await runCli(program, wordsOf(apply), options);
      expect(applied.stderr).toContain(`${counted}\n${audited}\n`);
      expect((await runCli(program, wordsOf(undo), options)).stderr).toBe(undone.join("\n"));
    } finally {
      folder.remove();
    }
  });
});
