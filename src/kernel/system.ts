import { existsSync } from "node:fs";
import { type Fact, set, unresolved, unset } from "../model/fact.ts";
import { readText } from "./files.ts";

/** What the kernel says of the whole machine. */
export interface SystemFacts {
  /** The security modules that run, in order. `unset` where securityfs is not mounted. */
  readonly kernelLsm: Fact<readonly string[]>;
  /** Bytes. */
  readonly memoryTotal: Fact<number>;
  /** Bytes. */
  readonly swapTotal: Fact<number>;
  /** 1 also for the hybrid layout, whose controllers are v1's. */
  readonly cgroupVersion: Fact<number>;
  readonly selinuxMode: Fact<"enforcing" | "permissive" | "disabled">;
}

/** Reads below a procfs and a sysfs, which may be the host's mounted elsewhere. */
export function readSystem(where: { readonly proc?: string; readonly sys?: string } = {}): SystemFacts {
  const { proc = "/proc", sys = "/sys" } = where;
  const memory = readText(`${proc}/meminfo`);
  const amount = (field: string): Fact<number> => {
    const origin = { kernel: `${proc}/meminfo`, field };
    const value = memory.ok ? parseMeminfo(memory.value, field) : undefined;
    if (value !== undefined) return set(value, origin);
    return unresolved(memory.ok ? `${proc}/meminfo has no ${field}` : memory.reason, origin);
  };
  return {
    kernelLsm: securityModules(`${sys}/kernel/security/lsm`),
    memoryTotal: amount("MemTotal"),
    swapTotal: amount("SwapTotal"),
    cgroupVersion: cgroupVersion(`${sys}/fs/cgroup`),
    selinuxMode: selinuxMode(`${sys}/fs/selinux/enforce`),
  };
}

/** A field of /proc/meminfo in bytes: the file counts in kibibytes. */
export function parseMeminfo(text: string, field: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${field}:`));
  const match = /^\s*(\d{1,15}) kB$/.exec(line?.slice(field.length + 1) ?? "");
  return match ? Number(match[1]) * 1024 : undefined;
}

function securityModules(path: string): Fact<readonly string[]> {
  const read = readText(path);
  if (read.ok) return set(read.value.trim().split(",").filter(Boolean), { kernel: path });
  return read.failure === "denied" ? unresolved(read.reason, { kernel: path }) : unset;
}

/** Only the root of a v2 tree has cgroup.controllers at the mount itself. */
function cgroupVersion(mount: string): Fact<number> {
  if (existsSync(`${mount}/cgroup.controllers`)) return set(2, { kernel: `${mount}/cgroup.controllers` });
  return existsSync(mount) ? set(1, { kernel: mount }) : unset;
}

function selinuxMode(path: string): SystemFacts["selinuxMode"] {
  const read = readText(path);
  if (!read.ok) return read.failure === "denied" ? unresolved(read.reason, { kernel: path }) : unset;
  return set(read.value.trim() === "1" ? "enforcing" : "permissive", { kernel: path });
}
