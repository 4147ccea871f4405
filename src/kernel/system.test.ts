import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseMeminfo, readSystem } from "./system.ts";
import { layHost } from "./testing/recorded-host.ts";

const meminfo = "MemTotal:        8062220 kB\nMemFree:          103924 kB\nSwapTotal:       2097148 kB\n";

describe("readSystem", () => {
  it("reads memory and the cgroup version", () => {
    const v2 = layHost({ processes: [], cgroup: { "cgroup.controllers": "cpu\n" }, proc: { meminfo } });
    const where = { proc: v2.proc, sys: v2.cgroup.replace("/fs/cgroup", "") };
    expect(readSystem(where)).toMatchObject({
      memoryTotal: { value: 8_062_220 * 1024, origins: [{ field: "MemTotal" }] },
      swapTotal: { value: 2_097_148 * 1024 },
      cgroupVersion: { value: 2 },
      kernelLsm: { state: "unset" },
      selinuxMode: { state: "unset" },
    });
  });

  it("reads the security modules and SELinux's mode", () => {
    const at = layHost({
      processes: [],
      cgroup: {
        "memory/tasks": "",
        "../../kernel/security/lsm": "lockdown,capability,yama,selinux",
        "../selinux/enforce": "0",
      },
    });
    expect(readSystem({ proc: at.proc, sys: at.cgroup.replace("/fs/cgroup", "") })).toMatchObject({
      kernelLsm: { value: ["lockdown", "capability", "yama", "selinux"] },
      selinuxMode: { value: "permissive" },
      cgroupVersion: { value: 1 },
      memoryTotal: { state: "unresolved" },
    });
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseMeminfo(text, "MemTotal")),
    );
  });
});
