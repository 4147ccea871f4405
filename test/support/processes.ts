import type { Capability } from "../../src/model/container/capability.ts";
import type { Process } from "../../src/model/container/process.ts";
import { set, unset } from "../../src/model/fact.ts";

/** A container's first process as the kernel shows a hardened one; give what differs. */
export function process(given: Partial<Process> = {}): Process {
  const none: ReadonlySet<Capability> = new Set();
  const no = set(false);
  return {
    pid: 4242,
    name: "nginx",
    role: "init",
    uid: set(101, { kernel: "/proc/4242/status", field: "Uid" }),
    gid: set(101),
    hostUid: set(101),
    capEffective: set(none),
    capPermitted: set(none),
    capBounding: set(none),
    capAmbient: set(none),
    seccomp: set(2),
    noNewPrivs: set(true),
    lsmLabel: unset,
    sharesHost: { net: no, pid: no, ipc: no, uts: no, cgroup: no, user: no, mnt: no },
    ...given,
  };
}

export function capabilities(...names: readonly Capability[]) {
  return set<ReadonlySet<Capability>>(new Set(names), { kernel: "/proc/4242/status", field: "CapEff" });
}
