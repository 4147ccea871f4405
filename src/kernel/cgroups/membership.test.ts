import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ancestry, leavesNamespace, parseCgroup } from "./tree.ts";

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
