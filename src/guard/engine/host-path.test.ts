import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hostEyes } from "./host-path.ts";

let root: string;
let server: Server;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), "bulkhead-root-"));
  for (const folder of ["run", "srv/data", "etc", "home"]) mkdirSync(join(root, folder), { recursive: true });
  mkdirSync(join(root, "var"));
  writeFileSync(join(root, "etc/passwd"), "");
  symlinkSync("/run", join(root, "var/run"));
  symlinkSync("../etc", join(root, "srv/relative"));
  symlinkSync("/", join(root, "srv/whole"));
  symlinkSync("loop", join(root, "srv/loop"));
  symlinkSync("/nowhere/../etc", join(root, "srv/through-nothing"));
  symlinkSync("/nowhere/else", join(root, "srv/dangling"));
  server = createServer();
  await new Promise<void>((resolve) => server.listen(join(root, "run/docker.sock"), resolve));
});
afterAll(() => {
  server.close();
  rmSync(root, { recursive: true, force: true });
});

const look = (path: string) => hostEyes(root, () => ["/var/run/docker.sock"]).look(path);

describe("a path of the host", () => {
  it("is followed through its links below the host's root, and never out of it", () => {
    expect(look("/var/run/docker.sock")).toMatchObject({
      state: "found",
      id: "/run/docker.sock",
      document: { type: "socket" },
    });
    expect(look("/srv/relative/passwd")).toMatchObject({ id: "/etc/passwd", document: { type: "file" } });
    expect(look("/srv/whole")).toMatchObject({ id: "/", document: { type: "directory" } });
    expect(look("/srv/whole/srv/whole/etc")).toMatchObject({ id: "/etc" });
    expect(look("/srv/./data//")).toMatchObject({
      id: "/srv/data",
      document: { type: "directory", sockets: [] },
    });
  });

  it("takes nobody's word for the host's: another process's root is left below /proc", () => {
    mkdirSync(join(root, "proc/4242"), { recursive: true });
    mkdirSync(join(root, "proc/1"));
    symlinkSync("/", join(root, "proc/4242/root"));
    symlinkSync("/", join(root, "proc/1/root"));
    symlinkSync("4242", join(root, "proc/self"));
    symlinkSync("/proc/4242/root/srv", join(root, "srv/other"));
    symlinkSync("/proc/1/root/etc", join(root, "srv/init"));
    expect(look("/proc/4242/root/srv")).toMatchObject({ id: "/proc/4242/root/srv" });
    expect(look("/proc/self/root/srv")).toMatchObject({ id: "/proc/4242/root/srv" });
    expect(look("/srv/other/link")).toMatchObject({ id: "/proc/4242/root/srv/link" });
    expect(look("/srv/init/passwd")).toMatchObject({ id: "/etc/passwd", document: { type: "file" } });
  });

  it("tells the engines' sockets at and below it", () => {
    for (const path of ["/", "/run", "/var/run", "/run/docker.sock", "/srv/whole/run"])
      expect(look(path)).toMatchObject({ document: { sockets: ["/run/docker.sock"] } });
    expect(look("/etc")).toMatchObject({ document: { sockets: [] } });
  });

  it("counts by the part that exists, where dockerd would make the rest", () => {
    expect(look("/srv/new/deep")).toMatchObject({
      state: "found",
      id: "/srv/new/deep",
      document: { type: "missing" },
    });
    expect(look("/srv/relative/new")).toMatchObject({ id: "/etc/new", document: { type: "missing" } });
    expect(look("/srv/dangling")).toMatchObject({ id: "/nowhere/else", document: { type: "missing" } });
    expect(look("/etc/passwd/below")).toMatchObject({ document: { type: "missing" } });
  });

  it("is unknown where it has two readings or none", () => {
    for (const path of ["srv", "/srv/../etc", "/srv/loop", "/srv/through-nothing"])
      expect(look(path)).toMatchObject({ state: "unknown" });
  });
});
