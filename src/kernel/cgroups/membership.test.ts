import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { accessSync, constants, existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ancestry, cgroupTasks, leavesNamespace, parseCgroup } from "./tree.ts";

describe("parseCgroup", () => {
  it("reads v2", () => {
    const { unified, controllers } = parseCgroup("0::/system.slice/docker-3f1c.scope\n");
    expect(unified).toBe("/system.slice/docker-3f1c.scope");
    expect(controllers.size).toBe(0);
  });

  it("reads v1, also controllers that share a hierarchy", () => {
    const { unified, controllers } = parseCgroup("4:cpu,cpuacct:/docker/3f1c\n1:name=systemd:/docker/3f1c\n");
    expect(unified).toBeUndefined();
    expect(controllers.get("cpuacct")).toEqual({ path: "/docker/3f1c", hierarchy: "cpu,cpuacct" });
    expect(controllers.has("name=systemd")).toBe(true);
  });

  it("reads the hybrid layout, a colon in a path, and a removed cgroup", () => {
    const { unified, controllers } = parseCgroup("5:memory:/a:b\n0::/user.slice (deleted)\n");
    expect(controllers.get("memory")?.path).toBe("/a:b");
    expect(unified).toBe("/user.slice");
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseCgroup(text)));
  });
});

describe("ancestry", () => {
  it("goes from the cgroup to the root", () => {
    expect(ancestry("/a/b")).toEqual(["/a/b", "/a", "/"]);
    expect(ancestry("/")).toEqual(["/"]);
  });

  it("tells a path that leads out of the reader's namespace", () => {
    expect(leavesNamespace("/../docker-3f1c.scope")).toBe(true);
    expect(leavesNamespace("/a..b/c")).toBe(false);
  });
});

const hierarchy = existsSync("/sys/fs/cgroup/pids") ? "/sys/fs/cgroup/pids" : "/sys/fs/cgroup";

/** Only root may make one, and not where cgroupfs is read-only, as in a container. */
function mayMakeCgroups(): boolean {
  try {
    accessSync(hierarchy, constants.W_OK);
    return process.getuid?.() === 0;
  } catch {
    return false;
  }
}

describe.skipIf(!mayMakeCgroups())("cgroupTasks", () => {
  it("has the threads of a container's own cgroup and of those below it, and of nobody else", async () => {
    const id = randomBytes(32).toString("hex");
    const folders = [`${hierarchy}/${id}`, `${hierarchy}/${id}/below`];
    const sleeping = ["", "", "beside"].map(() => spawn("sleep", ["100"], { stdio: "ignore" }));
    onTestFinished(async () => {
      for (const child of sleeping) child.kill("SIGKILL");
      await Promise.all(sleeping.map((child) => new Promise((ended) => child.once("close", ended))));
      // The kernel lets go of the last task a moment after it ended.
      for (const folder of folders.toReversed()) await vi.waitFor(() => rmdirSync(folder));
    });
    const [first = 0, second = 0, beside = 0] = sleeping.map(({ pid }) => pid ?? 0);
    for (const folder of folders) mkdirSync(folder);
    writeFileSync(`${folders[0]}/cgroup.procs`, String(first));
    writeFileSync(`${folders[1]}/cgroup.procs`, String(second));
    const places = { proc: "/proc", cgroup: "/sys/fs/cgroup" };
    expect(new Set(cgroupTasks(places, { id, pid: first }))).toEqual(new Set([first, second]));
    // One without a cgroup of its own.
    expect(cgroupTasks(places, { id, pid: beside })).toEqual([]);
  });
});
