import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { resolveBelow, socketInode } from "./host-files.ts";

function root(): string {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-root-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  mkdirSync(join(folder, "run/docker"), { recursive: true });
  mkdirSync(join(folder, "var"));
  writeFileSync(join(folder, "run/file"), "");
  symlinkSync("/run", join(folder, "var/run"));
  symlinkSync("../run/docker", join(folder, "var/docker"));
  symlinkSync("loop", join(folder, "var/loop"));
  return folder;
}

describe("resolveBelow", () => {
  it("follows absolute links to the given root, not to ours", () => {
    expect(resolveBelow(root(), "/var/run/file")).toBe("/run/file");
  });

  it("follows relative links, and never leaves the root", () => {
    const folder = root();
    expect(resolveBelow(folder, "/var/docker")).toBe("/run/docker");
    expect(resolveBelow(folder, "/../../run/../run/./file")).toBe("/run/file");
  });

  it("gives up on what is not there, and on a circle", () => {
    const folder = root();
    expect(resolveBelow(folder, "/var/nothing")).toBeUndefined();
    expect(resolveBelow(folder, "/var/loop")).toBeUndefined();
    expect(resolveBelow(folder, "/\0")).toBeUndefined();
  });
});

describe("socketInode", () => {
  it("knows a socket from a file", async () => {
    const folder = root();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, "s"), resolve));
    onTestFinished(() => void server.close());
    expect(socketInode(join(folder, "s"))).toBeTypeOf("number");
    expect(socketInode(join(folder, "run/file"))).toBeUndefined();
    expect(socketInode(join(folder, "nothing"))).toBeUndefined();
  });
});
