import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { applyPatch, parsePatch } from "diff";
import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryDisk } from "../../test/support/memory-disk.ts";
import { changedTexts } from "./changed-texts.ts";
import { patchOf, shownDiff } from "./diff.ts";

const plain = (_: string, line: string) => line;

/** What `git apply` makes of the patch in a folder that holds the file. */
function applied(file: string, before: string, after: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-diff-"));
  try {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), before);
    execFileSync("git", ["apply", "--whitespace=nowarn"], {
      cwd: folder,
      input: patchOf({ file: join(folder, file), before, after }, folder),
      stdio: ["pipe", "pipe", "pipe"],
    });
    return readFileSync(join(folder, file), "utf8");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.each([
  ["plain", "compose.yaml", "a\nb\nc\n", "a\nB\nc\n"],
  ["without a final newline", "compose.yaml", "a\nb", "a\nB"],
  ["with a final newline added", "compose.yaml", "a\nb", "a\nb\nc\n"],
  ["CRLF", "compose.yaml", "a\r\nb\r\n", "a\r\nB\r\n"],
  ["a byte order mark", "compose.yaml", "\uFEFFa\nb\n", "\uFEFFa\nB\n"],
  ["lines that look like a header", "run.sh", "-- a\n++ b\n", "-- a\n++ c\n-- d\n"],
  ["blanks in the name", "my app/compose file.yaml", "a\n", "b\n"],
  ["quotes in the name", 'a"b\\c.yaml', "a\n", "b\n"],
  ["a tab in the name", "a\tb.yaml", "a\n", "b\n"],
  ["letters beyond ASCII", "größe/日本.yaml", "a\n", "ä\n"],
  ["an empty file", "daemon.json", "", "{}\n"],
])("git apply takes a patch: %s", (_, file, before, after) => {
  expect(applied(file, before, after)).toBe(after);
});

test("git apply takes every patch", () => {
  const texts = fc
    .array(fc.constantFrom("a", "b", "", " x", "-", "+y", "\\", "@@ -1 +1 @@"), { maxLength: 12 })
    .chain((lines) => fc.constantFrom("", "\n").map((end) => lines.join("\n") + end));
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      fc.pre(before !== after && after !== "" && before !== "");
      expect(applied("f", before, after)).toBe(after);
    }),
    { numRuns: 40 },
  );
});

test("an edit somewhere in a long text is told with its line and three lines around it", () => {
  const lines = fc.array(fc.constantFrom("a", "b", "", "  c"), { minLength: 1, maxLength: 40 });
  const texts = lines.chain((all) => fc.constantFrom("", "\n").map((end) => all.join("\n") + end));
  const few = fc.array(fc.constantFrom("a", "", "x"), { maxLength: 3 });
  fc.assert(
    fc.property(texts, fc.nat(), fc.nat(4), few, (before, at, length, inserted) => {
      fc.pre(before !== "");
      const start = at % (before.length + 1);
      const after = before.slice(0, start) + inserted.join("\n") + before.slice(start + length);
      const patch = patchOf({ file: "f", before, after }, "/");
      for (const { lines, oldStart } of parsePatch(patch).flatMap(({ hunks }) => hunks)) {
        const changes = lines.map((line) => /^[-+]/.test(line));
        const around = [changes.indexOf(true), lines.length - 1 - changes.lastIndexOf(true)];
        expect(around[0]).toBe(oldStart > 1 ? 3 : Math.min(3, around[0] ?? 0));
        expect(around[1]).toBeLessThanOrEqual(lines.some((line) => line.startsWith("\\")) ? 5 : 3);
      }
      expect(applyPatch(before, patch, { fuzzFactor: 0 })).toBe(after);
    }),
    { numRuns: 500 },
  );
});

test("no change is no patch", () => {
  expect(patchOf({ file: "a", before: "x\n", after: "x\n" }, "/")).toBe("");
});

test("what is shown masks secrets in both texts, where they stand and where an edit writes them anew", () => {
  const before = "services:\n  db:\n    environment: { GREETING: hunter2, PIN: 12 }\n    privileged: true\n";
  const at = (word: string) => {
    const column = (before.split("\n")[2]?.indexOf(word) ?? 0) + 1;
    const end = column + word.length;
    return { file: "c.yaml", startLine: 3, startColumn: column, endLine: 3, endColumn: end };
  };
  const texts = changedTexts(memoryDisk({ "c.yaml": before }), [at("hunter2"), at("12")]);
  const start = before.indexOf("privileged: true");
  texts.make([{ file: "c.yaml", start, end: start + 16, text: "environment: [GREETING=hunter2]" }]);
  texts.make([{ file: "c.yaml", start: 0, end: 0, text: "name: shifted\n" }]);
  const [changed] = texts.list();
  const shown = changed ? shownDiff(changed, "/", plain) : "";
  expect(shown).toContain("PIN: ••••");
  expect(shown).not.toContain("hunter2");
  expect(shown).not.toContain("12");
  expect(changed ? patchOf(changed, "/") : "").toContain("hunter2");
});

test("a secret over several lines is masked line by line, so that the diff keeps its lines", () => {
  const before = "a: |\n  one\n  two\nb: 1\n";
  const secret = { file: "c", startLine: 2, startColumn: 3, endLine: 3, endColumn: 6 };
  const texts = changedTexts(memoryDisk({ c: before }), [secret]);
  texts.make([{ file: "c", start: before.indexOf("1"), end: before.indexOf("1") + 1, text: "2" }]);
  const [changed] = texts.list();
  expect(changed && shownDiff(changed, "/", plain)).toBe(
    "--- a/c\n+++ b/c\n@@ -1,4 +1,4 @@\n a: |\n   ••••\n   ••••\n-b: 1\n+b: 2\n",
  );
});

test("escape sequences in a file are spelled out, not obeyed", () => {
  const texts = changedTexts(memoryDisk({ c: "a: \u001b[31mred\n" }), []);
  texts.make([{ file: "c", start: 0, end: 1, text: "b" }]);
  const [changed] = texts.list();
  expect(changed && shownDiff(changed, "/", plain)).toContain("-a: \\x1b[31mred");
});

test("a password that the file shows elsewhere is no reason to mask that word in what an edit writes", () => {
  const before = "image: postgres:17\nenv: [POSTGRES_PASSWORD=postgres]\n";
  const secret = { file: "c", startLine: 2, startColumn: 25, endLine: 2, endColumn: 33 };
  const texts = changedTexts(memoryDisk({ c: before }), [secret]);
  const end = before.length;
  texts.make([
    { file: "c", start: 25, end: end - 2, text: "A=b, POSTGRES_PASSWORD=postgres" },
    { file: "c", start: end, end, text: "user: postgres\ntmpfs: /run/postgresql\n" },
  ]);
  const [text] = texts.list();
  const shown = text ? shownDiff(text, ".", plain) : "";
  expect(shown).toContain("+user: postgres\n+tmpfs: /run/postgresql\n");
  expect(shown).toContain("+env: [A=b, POSTGRES_PASSWORD=••••");
  expect(shown).not.toContain("=postgres");
});
