import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownLabel } from "../engine/owner.ts";
import { putInPlace, temporaryName } from "./apply.ts";

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

test("what a killed run left beside the file goes with the next write; what a run that is alive writes stays", () => {
  const path = join(folder, "a");
  const [boot, namespace, pid, started] = ownLabel().split("/");
  const alive = temporaryName("a", ownLabel());
  const dead = temporaryName("a", [boot, namespace, pid, Number(started) - 1].join("/"));
  const elsewhere = temporaryName("a", [boot, "1", pid, started].join("/"));
  for (const name of [alive, dead, elsewhere]) writeFileSync(join(folder, name), "half");
  expect(putInPlace(path, "two").ok).toBe(true);
  expect(readdirSync(folder).toSorted()).toEqual([alive, elsewhere, "a"].toSorted());
  // Nobody writes a file for two days.
  const longAgo = Date.now() / 1000 - 2 * 86_400;
  utimesSync(join(folder, elsewhere), longAgo, longAgo);
  expect(putInPlace(path, "three").ok).toBe(true);
  expect(readdirSync(folder).toSorted()).toEqual([alive, "a"].toSorted());
});
