import { existsSync } from "node:fs";
import type { Capability } from "../model/capability.ts";
import { type Container, container } from "../model/container.ts";
import { type Fact, mapFact, type SetFact, set, type UnresolvedFact, unresolved } from "../model/fact.ts";
import type { Process } from "../model/process.ts";
import type { CgroupMembership } from "./cgroup.ts";
import { readCgroupParent } from "./cgroup-parent.ts";
import type { CgroupTree } from "./cgroup-tree.ts";
import { readDeviceCgroup, readDevices } from "./devices.ts";
import type { KernelRead } from "./files.ts";
import type { HostPaths } from "./host-paths.ts";
import { readLimits } from "./limits.ts";
import { readMac, readSeccomp } from "./mac.ts";
import { isReadOnly, type MountEntry, mountAt, parseMountinfo } from "./mountinfo.ts";
import { readMounts } from "./mounts.ts";
import { type NamespaceMember, type Namespaces, namespaceModes } from "./namespaces.ts";
import { readPathProtection } from "./path-protection.ts";
import { readPrivileged } from "./privileged.ts";
import type { ReadProcess } from "./processes.ts";
import type { KernelContainer } from "./request.ts";
import { type HostSocket, withSockets } from "./sockets.ts";

/** What is the same for every container of a reading. */
export interface Host {
  readonly proc: string;
  /** Beside cgroupfs: /sys/dev. */
  readonly sysDev: string;
  readonly tree: CgroupTree;
  readonly reference: Namespaces;
  readonly engineBounding: ReadonlySet<Capability> | undefined;
  readonly paths: HostPaths | undefined;
  readonly sockets: readonly HostSocket[];
  readonly dataRoot: string | undefined;
}

/** A container whose first process was read. */
export interface Member extends NamespaceMember {
  readonly pid: number;
  readonly given: KernelContainer;
  readonly init: ReadProcess;
  /** True where it is so or cannot be told: then its pid namespace finds nobody. */
  readonly sharesHostPid: boolean;
  readonly membership: CgroupMembership | undefined;
  readonly mountinfo: KernelRead<string>;
}

/** The container as the kernel enforces it. `processes` have their roles already. */
export function viewOf(
  member: Member,
  all: readonly Member[],
  processes: readonly Process[],
  host: Host,
): Container {
  const { init, membership, pid } = member;
  const modes = namespaceModes(member, all, host.reference);
  const file = `${host.proc}/${pid}/mountinfo`;
  const entries = member.mountinfo.ok ? parseMountinfo(member.mountinfo.value) : undefined;
  const deviceCgroup = membership && readDeviceCgroup(host.tree, membership);
  const exists = (path: string) =>
    path.startsWith("/proc/") ? existsSync(`${host.proc}${path.slice("/proc".length)}`) : existsSync(path);
  const protection = entries && readPathProtection(entries, exists);
  const privileged = readPrivileged({
    init,
    engineBounding: host.engineBounding,
    devices: deviceCgroup,
    entries,
    unprotected: protection?.mode === "unconfined",
  });
  const isPrivileged = privileged.state === "set" && privileged.value;
  const sharesHost = init.process.sharesHost;
  const implies = isPrivileged || isTrue(sharesHost.pid) || isTrue(sharesHost.ipc);
  const hidden = member.mountinfo.ok ? undefined : unresolved(member.mountinfo.reason, { kernel: file });
  return container("effective", {
    processes,
    ...modes,
    user: mapFact(init.process.uid, String),
    privileged,
    seccomp: readSeccomp(init.process.seccomp),
    ...readMac(init.process.lsmLabel, implies),
    noNewPrivileges: init.process.noNewPrivs,
    ...(membership ? readLimits(host.tree, membership, host.sysDev) : unreadLimits(host.proc, pid)),
    ...(membership && {
      cgroupParent: readCgroupParent(membership, member.id, `${host.proc}/${pid}/cgroup`),
    }),
    ...(entries && protection
      ? {
          pathProtection: set(protection, { kernel: file }),
          readonlyRootfs: rootfs(entries, file),
          mounts: mountsOf(entries),
          ...devices(entries),
        }
      : hidden && { pathProtection: hidden, readonlyRootfs: hidden, mounts: [hidden], devices: [hidden] }),
  });

  function mountsOf(seen: readonly MountEntry[]): Container["mounts"] {
    const read = readMounts({
      entries: seen,
      path: file,
      host: host.paths,
      dataRoot: host.dataRoot,
      privileged: isPrivileged,
      sharesHost: {
        pid: truth(sharesHost.pid),
        ipc: truth(sharesHost.ipc),
        net: truth(sharesHost.net),
      },
      remapped: truth(sharesHost.user) === false,
    });
    return withSockets(read, seen, `${host.proc}/${pid}/root`, host.sockets);
  }

  /** A privileged container has every device of the host: that is said once, not a hundred times. */
  function devices(seen: readonly MountEntry[]): Pick<Container, "devices" | "deviceCgroupRules"> {
    if (isPrivileged) return { devices: [], deviceCgroupRules: [] };
    return readDevices(`${host.proc}/${pid}/root`, seen, deviceCgroup, host.sysDev);
  }
}

function rootfs(entries: readonly MountEntry[], file: string): SetFact<boolean> | UnresolvedFact {
  const root = mountAt(entries, "/");
  const origin = { kernel: file, field: "/" };
  return root ? set(isReadOnly(root), origin) : unresolved(`${file} shows no root file system`, origin);
}

function unreadLimits(proc: string, pid: number): Partial<Container> {
  const path = `${proc}/${pid}/cgroup`;
  const fact = unresolved(`${path} cannot be read`, { kernel: path });
  return { memory: fact, memorySwap: fact, cpuQuota: fact, pidsLimit: fact };
}

function truth(fact: Fact<boolean>): boolean | undefined {
  return fact.state === "set" ? fact.value : undefined;
}

function isTrue(fact: Fact<boolean>): boolean {
  return truth(fact) === true;
}
