import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isUnconfinedType } from "../../model/container/selinux.ts";
import { cleanLabel, parseLsmLabel } from "./process.ts";

describe("parseLsmLabel", () => {
  it("reads AppArmor's", () => {
    expect(parseLsmLabel("docker-default (enforce)\n")).toEqual({
      module: "apparmor",
      profile: "docker-default",
      mode: "enforce",
    });
    expect(parseLsmLabel("unconfined\n")).toMatchObject({ module: "apparmor", profile: "unconfined" });
    expect(parseLsmLabel("/usr/bin/my app (complain)\n")).toMatchObject({ profile: "/usr/bin/my app" });
  });

  it("reads SELinux's", () => {
    expect(parseLsmLabel("system_u:system_r:container_t:s0:c100,c200\0")).toEqual({
      module: "selinux",
      user: "system_u",
      role: "system_r",
      type: "container_t",
      level: "s0:c100,c200",
    });
    expect(parseLsmLabel("system_u:system_r:spc_t")).toMatchObject({ type: "spc_t", level: undefined });
    expect(isUnconfinedType("spc_t")).toBe(true);
    expect(isUnconfinedType("container_t")).toBe(false);
  });

  it("tells another module's label from both, and none from an empty text", () => {
    expect(parseLsmLabel("_\n")).toEqual({ module: "other", label: "_" });
    expect(parseLsmLabel("\n")).toBeUndefined();
    expect(cleanLabel("a\n\0")).toBe("a");
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseLsmLabel(text)));
  });
});
