import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createFile, originalOf, replaceFile } from "./apply.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-apply-"));
});

afterEach(() => {
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

function file(name: string, content: string | Uint8Array, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test("a file is replaced, keeps its mode, and nothing else is left beside it", () => {
  const path = file("a", "before", 0o4750);
  expect(replaceFile(path, "before", "after")).toMatchObject({ ok: true });
  expect(readFileSync(path, "utf8")).toBe("after");
  expect(statSync(path).mode & 0o7777).toBe(0o4750);
  expect(readdirSync(folder)).toEqual(["a"]);
});

test.runIf(process.getuid?.() === 0)("it keeps its owner", async () => {
  const { chownSync } = await import("node:fs");
  const path = file("a", "before");
  chownSync(path, 1234, 4321);
  expect(replaceFile(path, "before", "after")).toMatchObject({ ok: true });
  expect(statSync(path)).toMatchObject({ uid: 1234, gid: 4321 });
});

test("of a file with several names nothing is written, since they would be parted", () => {
  const path = file("a", "before");
  linkSync(path, join(folder, "b"));
  expect(replaceFile(path, "before", "after")).toMatchObject({
    ok: false,
    reason: expect.stringMatching(/^it has 2 names \(hard links\).*--output/),
  });
  expect(readFileSync(join(folder, "b"), "utf8")).toBe("before");
  expect(statSync(path).ino).toBe(statSync(join(folder, "b")).ino);
  expect(readdirSync(folder)).toEqual(["a", "b"]);
});

test("of a link the target is replaced, and the link stays", () => {
  mkdirSync(join(folder, "real"));
  file("real/a", "before");
  symlinkSync("real/a", join(folder, "link"));
  expect(replaceFile(join(folder, "link"), "before", "after")).toMatchObject({ ok: true });
  expect(lstatSync(join(folder, "link")).isSymbolicLink()).toBe(true);
  expect(readlinkSync(join(folder, "link"))).toBe("real/a");
  expect(readFileSync(join(folder, "real/a"), "utf8")).toBe("after");
});

test("a file that somebody changed since is left as it is", () => {
  const path = file("a", "theirs");
  expect(replaceFile(path, "before", "after")).toEqual({
    ok: false,
    reason: "it has changed since it was read",
  });
  expect(readFileSync(path, "utf8")).toBe("theirs");
  expect(readdirSync(folder)).toEqual(["a"]);
});

test("a byte order mark stays", () => {
  const path = file("a", "\uFEFFbefore");
  expect(originalOf(path, "before")).toMatchObject({ ok: true, value: { hasBom: true } });
  expect(replaceFile(path, "before", "after")).toMatchObject({ ok: true });
  expect(readFileSync(path, "utf8")).toBe("\uFEFFafter");
});

test("bytes that are no UTF-8 would be lost, so such a file is not written", () => {
  const path = file("a", Uint8Array.of(0x61, 0xff, 0x62));
  expect(replaceFile(path, readFileSync(path, "utf8"), "after")).toMatchObject({
    ok: false,
    reason: "it is not UTF-8 throughout",
  });
  expect([...readFileSync(path)]).toEqual([0x61, 0xff, 0x62]);
});

test.each([
  ["gone", "its folder does not exist"],
  ["folder", "it is a folder"],
])("%s: %s", (name, reason) => {
  mkdirSync(join(folder, "folder"));
  expect(replaceFile(join(folder, name), "", "after")).toEqual({ ok: false, reason });
  expect(readdirSync(folder)).toEqual(["folder"]);
});

test("a new file is written whole; where its folder is missing nothing is", () => {
  expect(createFile(join(folder, "new"), "text")).toMatchObject({ ok: true });
  expect(readFileSync(join(folder, "new"), "utf8")).toBe("text");
  expect(createFile(join(folder, "missing", "new"), "text")).toMatchObject({ ok: false });
  expect(readdirSync(folder)).toEqual(["new"]);
});

test("a pipe or a device is not replaced, nor waited for", () => {
  execFileSync("mknod", [join(folder, "pipe"), "p"]);
  expect(createFile(join(folder, "pipe"), "text")).toEqual({ ok: false, reason: "it is not a regular file" });
  expect(lstatSync(join(folder, "pipe")).isFIFO()).toBe(true);
});
