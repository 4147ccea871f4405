import { allCapabilities, type Capability } from "../model/container/capability.ts";
import type { Process } from "../model/container/process.ts";
import { isUnconfinedType, turnsLabelsOff } from "../model/container/selinux.ts";
import { type Container, container } from "../model/container.ts";
import type { PathProtection } from "../model/container-values.ts";
import { type Fact, isOpen, mapFact, set, unresolved, unseen, unset } from "../model/fact.ts";
import type { CodedFacts } from "../model/facts/table.ts";
import { sightOf, unseenIn } from "../model/sight.ts";
import { type KernelFiles, type LimitFacts, readLimits, unresolvedLimits } from "./cgroups/limits.ts";
import type { CgroupMembership, CgroupTree } from "./cgroups/tree.ts";
import { allowsEveryDevice, type DeviceCgroup, readDeviceCgroup, readDevices } from "./devices/devices.ts";
import { type KernelRead, readText } from "./files.ts";
import { readForwarding, readInterfaces } from "./interfaces.ts";
import type { KernelMemory } from "./memory.ts";
import { readFileSystems } from "./mounts/file-systems.ts";
import type { HostPaths } from "./mounts/host-paths.ts";
import { isReadOnly, type MountTable } from "./mounts/mount-table.ts";
import { readPathProtection } from "./mounts/path-protection.ts";
import { readMounts } from "./mounts/read-mounts.ts";
import { type HostSocket, withSockets } from "./mounts/sockets.ts";
import { type NamespaceMember, namespaceModes, type Sharers } from "./processes/namespaces.ts";
import { type ProcessSources, parseLsmLabel, type ReadProcess } from "./processes/process.ts";
import type { KernelContainer } from "./request.ts";

/** What is the same for every container of a reading. */
export interface Host extends ProcessSources {
  /** Beside cgroupfs: /sys/dev. */
  readonly sysDev: string;
  readonly tree: CgroupTree;
  /** Whether the kernel has an entry of /proc or /sys. */
  readonly kernelHas: (path: string) => boolean;
  readonly engineBounding: ReadonlySet<Capability> | undefined;
  readonly paths: HostPaths | undefined;
  readonly sockets: readonly HostSocket[];
  readonly dataRoot: string | undefined;
  readonly memory: KernelMemory;
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

const unseenFacts = unseenIn(sightOf("kernel"));

/** The container as the kernel enforces it. `processes` have their roles already. */
export function viewOf(
  member: Member,
  sharers: Sharers,
  processes: readonly Process[],
  host: Host,
): Container {
  const { init, membership, pid, id } = member;
  const mounts = member.mountinfo.ok ? host.memory.mounts(id, member.mountinfo.value).table : undefined;
  const deviceCgroup =
    membership && readDeviceCgroup(host.tree, host.tree.hierarchy(membership, "devices", id));
  const protection = mounts && readPathProtection(mounts, host.kernelHas);
  const privileged = readPrivileged({
    init,
    engineBounding: host.engineBounding,
    devices: deviceCgroup,
    mounts,
    unprotected: protection?.mode === "unconfined",
  });
  const isPrivileged = isTrue(privileged);
  const modes = namespaceModes(member, sharers);
  const facts: CodedFacts<"kernel"> & Pick<Container, "fileSystems"> & KernelFiles = {
    user: mapFact(init.process.uid, String),
    privileged,
    seccomp: readSeccomp(init.process.seccomp),
    noNewPrivileges: init.process.noNewPrivs,
    oomScoreAdj: readOomScoreAdj(`${host.proc}/${pid}/oom_score_adj`),
    ...modes,
    ...readMac(init.process.lsmLabel, turnsLabelsOff({ privileged, ...modes })),
    ...(membership ? limitsOf(membership, member, host) : unreadLimits(host.proc, pid)),
    ...fileSystem(member, { mounts, protection, deviceCgroup }, host, isPrivileged),
  };
  const { uid, mapped } = init.root;
  // What is not known is left out: root then counts as the host's.
  const root = uid === undefined ? {} : { root: { uid, mapped, byEngine: !member.ownsUser } };
  const interfaces = readInterfaces(`${host.proc}/${pid}`);
  const forwarding = readForwarding(`${host.proc}/${pid}`);
  return container("effective", unseenFacts, facts, {
    processes,
    ...root,
    ...(interfaces && { interfaces }),
    ...(forwarding && { forwarding }),
  });
}

type CgroupFacts = LimitFacts & Pick<Container, "cgroupParent">;

function limitsOf(membership: CgroupMembership, { id, pid, given }: Member, host: Host): CgroupFacts {
  const limits = readLimits(host.tree, membership, id, host.sysDev);
  // Only a container of the Engine has its place below the Engine's cgroup.
  if (given.foreign) return { ...limits, cgroupParent: unset };
  return { ...limits, cgroupParent: readCgroupParent(membership, id, `${host.proc}/${pid}/cgroup`) };
}

type FileSystemFacts = Pick<
  Container,
  "pathProtection" | "readonlyRootfs" | "mounts" | "devices" | "deviceCgroupRules" | "fileSystems"
>;

function fileSystem(
  member: Member,
  read: {
    readonly mounts: MountTable | undefined;
    readonly protection: PathProtection | undefined;
    readonly deviceCgroup: DeviceCgroup | undefined;
  },
  host: Host,
  privileged: boolean,
): FileSystemFacts {
  const { mounts, protection, deviceCgroup } = read;
  const file = mountinfoOf(member, host);
  if (!mounts || !protection) {
    const reason = member.mountinfo.ok ? `${file} cannot be read` : member.mountinfo.reason;
    const hidden = unresolved(reason, { kernel: file });
    const nothing = { pathProtection: hidden, readonlyRootfs: hidden, mounts: [hidden] };
    return { ...nothing, devices: [hidden], deviceCgroupRules: [hidden], fileSystems: [hidden] };
  }
  const { pid, ipc, net, user } = member.sharesHost;
  const sources = {
    host: host.paths,
    dataRoot: host.dataRoot,
    privileged,
    sharesHost: { pid: truth(pid), ipc: truth(ipc), net: truth(net), user: truth(user) },
  };
  const found = readMounts(mounts, file, sources);
  const containerRoot = `${host.proc}/${member.pid}/root`;
  const root = mounts.at("/");
  const origin = { kernel: file, field: "/" };
  return {
    pathProtection: set(protection, { kernel: file }),
    // A privileged container has every device of the host: that is said once, not a hundred times.
    ...(privileged
      ? { devices: [], deviceCgroupRules: [] }
      : readDevices(containerRoot, mounts, deviceCgroup, {
          sysDev: host.sysDev,
          mapped: member.init.root.mapped ? member.init.root : undefined,
        })),
    readonlyRootfs: root
      ? set(isReadOnly(root), origin)
      : unresolved(`${file} shows no root file system`, origin),
    mounts: withSockets(found, mounts, containerRoot, host.sockets),
    fileSystems: readFileSystems(mounts, file, { root: containerRoot, proc: host.proc }, sources),
  };
}

/** https://man7.org/linux/man-pages/man5/proc_pid_oom_score_adj.5.html */
function readOomScoreAdj(path: string): Fact<number> {
  const read = readText(path);
  if (!read.ok) return unresolved(read.reason, { kernel: path });
  const value = Number(read.value.trim());
  return Number.isInteger(value)
    ? set(value, { kernel: path })
    : unresolved(`${path} is not a number`, { kernel: path });
}

function mountinfoOf({ pid }: Member, { proc }: Host): string {
  return `${proc}/${pid}/mountinfo`;
}

/** Without its cgroup nothing is known of what limits it. */
function unreadLimits(proc: string, pid: number): CgroupFacts {
  const path = `${proc}/${pid}/cgroup`;
  const fact = unresolved(`${path} cannot be read`, { kernel: path });
  return { ...unresolvedLimits(fact), cgroupParent: fact };
}

function truth(fact: Fact<boolean>): boolean | undefined {
  return fact.state === "set" ? fact.value : undefined;
}

function isTrue(fact: Fact<boolean>): boolean {
  return truth(fact) === true;
}

/** Where the Engine puts containers by itself: `/docker` (cgroupfs), system.slice (systemd), user.slice (rootless). */
const usual = new Set(["docker", "system.slice", "user.slice"]);

/**
 * The cgroup that the container's own stands in, where it is not one of the Engine's usual ones; spelled as
 * for `--cgroup-parent`: a slice's name, else a path.
 */
function readCgroupParent(membership: CgroupMembership, id: string, file: string): Fact<string> {
  const paths = [...[...membership.controllers.values()].map(({ path }) => path), membership.unified ?? ""];
  const path = paths.find((each) => each.includes(id));
  if (path === undefined) return unset;
  const parts = path.slice(0, path.indexOf(id)).split("/").slice(0, -1).filter(Boolean);
  const last = parts.at(-1);
  if (last === ".." || (last !== undefined && usual.has(last))) return unset;
  const parent = last?.endsWith(".slice") ? last : `/${parts.join("/")}`;
  return set(parent, { kernel: file });
}

/**
 * Whether a container has what `--privileged` gives, however it came by it: every capability that the engine
 * has, no seccomp filter, and every device.
 *
 * On cgroup v2 the rules for devices cannot be read. There a writable /sys and uncovered kernel paths stand
 * for them, which `--privileged` alone makes together. A mark that cannot be read is left out of account.
 */
function readPrivileged(sources: {
  readonly init: ReadProcess;
  /** Undefined where the engine's process cannot be read: then all that the kernel knows. */
  readonly engineBounding: ReadonlySet<Capability> | undefined;
  readonly devices: DeviceCgroup | undefined;
  readonly mounts: MountTable | undefined;
  readonly unprotected: boolean;
}): Fact<boolean> {
  const { init, engineBounding, devices, mounts, unprotected } = sources;
  const { capBounding, seccomp } = init.process;
  if (capBounding.state !== "set") return capBounding;
  if (seccomp.state !== "set") return seccomp;
  const origins = [...capBounding.origins, ...seccomp.origins];
  const every = [...(engineBounding ?? allCapabilities)];
  if (seccomp.value !== 0 || !every.every((name) => capBounding.value.has(name)))
    return set(false, ...origins);
  if (devices) return set(allowsEveryDevice(devices.rules), ...origins, { kernel: devices.path });
  if (!mounts) return unresolved("its mounts cannot be read, and neither can its device rules", ...origins);
  const sys = mounts.at("/sys");
  return set(unprotected && sys !== undefined && !isReadOnly(sys), ...origins);
}

type MacFacts = Pick<Container, "apparmor" | "selinux">;

/**
 * What the first process's label says of AppArmor or SELinux; the other one, and both where the kernel runs
 * neither, stay unset. A profile that only complains is named with its mode: it stops nothing.
 */
function readMac(label: Fact<string>, labelsOff: boolean): MacFacts {
  if (isOpen(label)) return { apparmor: label, selinux: label };
  if (label.state === "unset") return { apparmor: unset, selinux: unset };
  const parsed = parseLsmLabel(label.value);
  if (parsed?.module === "apparmor") {
    const { profile, mode } = parsed;
    const enforced = mode === undefined || mode === "enforce" || mode === "kill";
    return { apparmor: mapFact(label, () => (enforced ? profile : `${profile} (${mode})`)), selinux: unset };
  }
  if (parsed?.module === "selinux") {
    const { user, role, type, level } = parsed;
    const disable = isUnconfinedType(type);
    const value = { disable, user, role, type, level, implied: disable && labelsOff };
    return { apparmor: unset, selinux: mapFact(label, () => value) };
  }
  return { apparmor: unset, selinux: unset };
}

const whichFilter = unseen("the kernel shows that a seccomp filter runs, not which");

/**
 * The seccomp fact. The kernel tells whether a filter runs, not which.
 */
function readSeccomp(mode: Fact<number>): Container["seccomp"] {
  if (mode.state !== "set") return mode;
  return mode.value === 0 ? { ...mode, value: { profile: "unconfined" } } : whichFilter;
}
