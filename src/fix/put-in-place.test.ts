import { chmodSync, lstatSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { putInPlace } from "./apply.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-place-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the mode that is asked for is a new file's; a file that is there keeps its own, also behind a link", () => {
  const path = join(folder, "a");
  expect(putInPlace(path, "one", { mode: 0o640 })).toMatchObject({ ok: true });
  expect(statSync(path).mode & 0o7777).toBe(0o640 & ~process.umask());
  chmodSync(path, 0o604);
  symlinkSync("a", join(folder, "link"));
  expect(putInPlace(join(folder, "link"), "two", { mode: 0o640 })).toMatchObject({ ok: true });
  expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
  expect(readFileSync(path, "utf8")).toBe("two");
  expect(statSync(path).mode & 0o7777).toBe(0o604);
});
