import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { memoryFiles } from "../../../test/support/memory-files.ts";
import { readConfig } from "../../config/config.ts";
import { findControl, knowOwnControls } from "../../controls/registry.ts";
import { checkControls } from "./check.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  knowOwnControls([]);
  vi.restoreAllMocks();
});

const memory = (more: string) => `controls:
  - id: own-memory
    title: Too much memory
    severity: medium
    fact: memory
    atMost: 2g
    message: "has {value} of memory"
    fix: Set mem_limit to 2g or less.
${more}`;

async function check(text: string): Promise<{ readonly status: number; readonly said: string }> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-own-"));
  folders.push(folder);
  writeFileSync(join(folder, "bulkhead.yaml"), text);
  let said = "";
  const keep = (part: string | Uint8Array) => {
    said += String(part);
    return true;
  };
  vi.spyOn(process.stdout, "write").mockImplementation(keep);
  vi.spyOn(process.stderr, "write").mockImplementation(keep);
  return { status: await checkControls(join(folder, "bulkhead.yaml")), said };
}

test("examples that are judged as they should pass, and the control is known", async () => {
  const text = memory('    bad: ["docker run -m 3g x", "docker run x"]\n    good: ["docker run -m 1g x"]\n');
  expect(await check(text)).toEqual({ status: 0, said: "1 controls, 3 examples, 0 wrong\n" });
  expect(findControl("own-memory")?.title).toBe("Too much memory");
});

test.each([
  ['    bad: ["docker run -m 1g x"]\n    good: ["docker run -m 1g x"]\n', /a bad example does not fail/],
  ['    bad: ["docker run x"]\n    good: ["docker run x"]\n', /a good example fails/],
  ['    bad: ["docker run x"]\n    good: ["docker run -m $M x"]\n', /a good example is unknown/],
  ['    bad: ["FROM x"]\n    good: ["docker run -m 1g x"]\n', /nothing that it judges/],
  ['    bad: ["docker run x"]\n', /at least one bad and one good/],
])("%j is told", async (examples, said) => {
  const checked = await check(memory(examples));
  expect(checked.status).toBe(1);
  expect(checked.said).toMatch(said);
});

test.each([
  memory("").replace("own-memory", "memory"),
  memory("").replace("fact: memory", "fact: memori"),
  memory("").replace("    atMost: 2g\n", ""),
  memory("    is: 3\n"),
  memory("").replace("atMost: 2g", 'matches: "("'),
  memory("    color: red\n"),
])("a rule that is wrong is refused with its place: %#", (text) => {
  const read = readConfig("bulkhead.yaml", memoryFiles({ "bulkhead.yaml": text }));
  expect(read).toMatchObject({ ok: false, faults: [{ location: { file: "bulkhead.yaml" } }] });
});

test("an ignore may name a control of one's own", () => {
  const text = `${memory("")}ignores:\n  - { control: own-memory, reason: why }\n`;
  expect(readConfig("bulkhead.yaml", memoryFiles({ "bulkhead.yaml": text }))).toMatchObject({ ok: true });
});
