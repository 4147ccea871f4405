import { readFileSync } from "node:fs";
import { beforeAll, expect, test } from "vitest";
import { builtCommand, runCli } from "../support/cli.ts";

// What people start with: several services without limits, some with a socket or a password in the file.
const stacks = [
  ["four", 90],
  ["seven", 120],
] as const;

let program = "";

beforeAll(() => {
  program = builtCommand();
});

async function audited(name: string, ...options: readonly string[]): Promise<string> {
  const cwd = `test/fixtures/stacks/${name}`;
  return (await runCli(program, ["audit", ...options, "compose.yaml"], { cwd })).stdout;
}

test.each(stacks)("the report of the stack of %s services has at most %d lines", async (name, most) => {
  const lines = (await audited(name)).trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(most);
  expect(lines.length).toBeGreaterThan(30);
});

test.each(stacks)(
  "every control that fails in the stack of %s is named in it, and all of it with -v",
  async (name) => {
    const printed = await audited(name);
    const all = await audited(name, "-v");
    const { findings } = JSON.parse(await audited(name, "--format", "json"));
    const failed: { control: string; subject: string; message: string }[] = findings.filter(
      ({ verdict }: { verdict: string }) => verdict === "fail",
    );
    const flat = all.replaceAll(/\s+/g, " ");
    for (const { control, message } of failed) {
      expect(printed).toContain(control);
      expect(flat.toLowerCase()).toContain(message.toLowerCase());
    }
    expect(failed.length).toBeGreaterThan(20);
  },
);

test.each(stacks)("a serious finding of the stack of %s is told in full", async (name) => {
  const flat = (await audited(name)).replaceAll(/\s+/g, " ").toLowerCase();
  const { findings } = JSON.parse(await audited(name, "--format", "json"));
  for (const { verdict, severity, message } of findings) {
    if (verdict === "fail" && ["critical", "high"].includes(severity)) {
      expect(flat).toContain(message.toLowerCase());
    }
  }
});

test("the first step for a proxy with the socket is the guard, and for another the file to mend", async () => {
  const printed = await audited("seven");
  const end = printed.slice(printed.indexOf("Start here"));
  expect(end).toContain("bulkhead fix --guard compose.yaml");
  expect(end).toContain("compose.yaml");
});

test("no line is longer than the width, and none is cut in a word", async () => {
  const source = readFileSync("test/fixtures/stacks/seven/compose.yaml", "utf8");
  for (const line of (await audited("seven")).split("\n")) {
    expect(line.length).toBeLessThanOrEqual(100);
    const cut = /([\w'-]+)…/.exec(line)?.[1];
    if (cut !== undefined) expect(source).not.toContain(cut);
  }
});
