import { existsSync } from "node:fs";
import type { Capability } from "../model/container/capability.ts";
import { isNamedAfter } from "../model/container/named-after.ts";
import type { Process } from "../model/container/process.ts";
import type { Container } from "../model/container.ts";
import { type Fact, mapFact } from "../model/fact.ts";
import { type Gap, gap } from "../model/gap.ts";
import { openCgroupTree, parseCgroup } from "./cgroups/tree.ts";
import { readLink, readText } from "./files.ts";
import { resolveBelow } from "./host-files.ts";
import { openKernelMemory } from "./memory.ts";
import { hostPaths } from "./mounts/host-paths.ts";
import { findSockets, usualSockets } from "./mounts/sockets.ts";
import { type EngineProcess, findEngineProcess } from "./processes/engine-process.ts";
import { findForeign, type KnownContainers } from "./processes/foreign.ts";
import { openIdMaps } from "./processes/ids.ts";
import { groupByNamespace, readReference } from "./processes/namespaces.ts";
import { isAlive, type ReadProcess, readProcess } from "./processes/process.ts";
import { assignRoles, withStrays } from "./processes/roles.ts";
import { scanProcesses } from "./processes/scan.ts";
import { parseStatus } from "./processes/status.ts";
import { type KernelContainer, type KernelReading, type KernelRequest, strangerReason } from "./request.ts";
import { type Host, type Member, viewOf } from "./view.ts";

/**
 * Reads what the kernel enforces for running containers: the `effective` level. Only reads entries of /proc,
 * /sys and cgroupfs, starts no process, and never throws. What may not be read is an unresolved fact; a
 * process that ends meanwhile drops out; a container that ends is a gap.
 */
export function readKernel(request: KernelRequest): KernelReading {
  const proc = request.proc ?? "/proc";
  const host = readHost(request, proc);
  const gaps: Gap[] = [];
  const members: Member[] = [];
  for (const given of request.containers) {
    const member = readMember(given, host);
    if (typeof member !== "string") members.push(member);
    else gaps.push(gap(member, { subject: `container:${given.name}` }));
  }
  const pids = scanProcesses(proc, host.tree, members);
  const sharers = groupByNamespace([...members, ...(request.others ?? [])]);
  const views = new Map<string, Container>();
  const execs = new Map<string, readonly Process[]>();
  for (const member of members) {
    const read = (pids.get(member.id) ?? []).flatMap((pid) => {
      const process = pid === member.pid ? member.init : readProcess(pid, host);
      return process ? [ownRights(process, member, host)] : [];
    });
    const roles = assignRoles(member.given, read, member.sharesHostPid);
    const processes = member.given.foreign
      ? roles.processes.map((each) => (each.role === "entered" ? { ...each, role: "child" as const } : each))
      : withStrays(roles.processes, member, proc);
    const view = {
      ...viewOf(member, sharers, processes, host),
      ...(isSandbox(member, read) && { sandbox: { uid: member.init.process.hostUid } }),
    };
    // Its cgroups go with it: anyone who ended meanwhile looks like one without a limit.
    if (!isAlive(`${proc}/${member.pid}`)) {
      gaps.push(gap(stopped, { subject: `container:${member.name}` }));
      continue;
    }
    views.set(member.id, view);
    for (const [execId, processes] of roles.execs) execs.set(execId, processes);
  }
  const told = members.map(({ id, name, namespaces, sharesHost, ownsUser, started }) => ({
    ...{ id, name, namespaces, sharesHost, ownsUser, started },
  }));
  return { views, execs, members: new Map(told.map((member) => [member.id, member])), gaps };
}

/** A container that the Engine does not know, as the kernel shows it. */
export interface ForeignReading {
  readonly name: string;
  readonly view: Container;
}

/** Reads what the kernel enforces for containers that the Engine does not know. `known` are those that it does. */
export function readForeign(
  request: Omit<KernelRequest, "containers">,
  known: KnownContainers,
): readonly ForeignReading[] {
  const { enginePid, proc = "/proc", memory } = request;
  const engine =
    enginePid === undefined ? undefined : findEngineProcess(proc, enginePid, memory?.engine?.process, []);
  if (!engine) return [];
  const found = findForeign(proc, engine, known);
  memory?.keepForeign(found.map(({ id }) => id));
  const containers = found.map((each) => ({ ...each, execPids: [], foreign: true }));
  const { views } = readKernel({ ...request, containers, others: known.members });
  return found.flatMap(({ id, name }) => {
    const view = views.get(id);
    return view ? [{ name, view }] : [];
  });
}

/**
 * Whether there is something to compare with. Nothing is known of "the host's" namespaces where the Engine's process has
 * ended and no other shows what it had, and every container would look like another one.
 */
export function hasReference(request: KernelRequest): boolean {
  const { enginePid } = request;
  return enginePid === undefined || engineProcess(request, enginePid) !== undefined;
}

function engineProcess(
  { proc = "/proc", memory, containers }: KernelRequest,
  pid: number,
): EngineProcess | undefined {
  const members = containers.map((each) => each.pid);
  return findEngineProcess(proc, pid, memory?.engine?.process, members);
}

/** What is read once for all containers. Without the engine's process, PID 1 tells the host's mounts. */
function readHost(request: KernelRequest, proc: string): Host {
  const { enginePid, cgroup = "/sys/fs/cgroup", dataRoot, sockets = usualSockets } = request;
  const { memory = openKernelMemory() } = request;
  const engine = enginePid === undefined ? undefined : engineProcess(request, enginePid);
  const anchor = engine?.folder ?? `${proc}/${enginePid ?? 1}`;
  const mountinfo = readText(`${anchor}/mountinfo`);
  const mounts = mountinfo.ok ? memory.mounts(anchor, mountinfo.value) : undefined;
  const paths = mounts && hostPaths(mounts.entries, mounts.table);
  const found = paths ? findSockets(`${anchor}/root`, sockets, paths) : [];
  // The sockets of an Engine that does not run may be gone, and lead to it again when it does.
  const isThere = engine?.folder === `${proc}/${enginePid}`;
  const known = isThere || !memory.engine ? found : memory.engine.sockets;
  if (engine) memory.engine = { process: engine, sockets: known };
  const own = readLink("/proc/self/ns/user");
  return {
    proc,
    sysDev: cgroup.replace(/\/fs\/cgroup\/?$/, "/dev"),
    tree: openCgroupTree(cgroup),
    kernelHas: rememberedExists(proc),
    reference: readReference(engine?.namespaces),
    ids: openIdMaps(own.ok ? own.value : undefined),
    labelled: isLabelled(anchor),
    // What the kernel gives the first process, it can give any: some machines lack capabilities that the kernel knows.
    engineBounding: engine?.bounding ?? boundingOf(`${proc}/1`),
    paths,
    sockets: known,
    dataRoot: dataRoot === undefined ? undefined : (resolveBelow(`${anchor}/root`, dataRoot) ?? dataRoot),
    memory,
  };
}

function boundingOf(folder: string): ReadonlySet<Capability> | undefined {
  const status = readText(`${folder}/status`);
  return status.ok ? parseStatus(status.value).capBounding : undefined;
}

/** The host's own entries of /proc, where that is mounted elsewhere. */
function rememberedExists(proc: string): Host["kernelHas"] {
  const known = new Map<string, boolean>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const now = existsSync(path.startsWith("/proc/") ? `${proc}${path.slice("/proc".length)}` : path);
    known.set(path, now);
    return now;
  };
}

/** False where the kernel says that no security module labels processes; anything else is asked of each. */
function isLabelled(folder: string): boolean {
  const read = readText(`${folder}/attr/current`);
  return read.ok || read.failure !== "unsupported";
}

/** Beyond doubt: what cannot be read is nobody's own. */
function isAnother(own: Fact<string>, reference: Fact<string>): boolean {
  return own.state === "set" && reference.state === "set" && own.value !== reference.value;
}

/**
 * A process in a user namespace that was made below the container's (a browser's sandbox, a rootless builder) holds its capabilities
 * there, and none of the container's (user_namespaces(7)). That of the Engine's, or of anything above, is none of these.
 */
function ownRights(process: ReadProcess, { namespaces, init }: Member, { reference }: Host): ReadProcess {
  const { user } = process.namespaces;
  if (!isAnother(user, namespaces.user) || !isAnother(user, reference.user)) return process;
  const none = <T>(fact: Fact<ReadonlySet<T>>) => mapFact(fact, () => new Set<T>());
  const { capEffective, capPermitted, capBounding, capAmbient, uid, hostUid } = process.process;
  const held = {
    capEffective: none(capEffective),
    capPermitted: none(capPermitted),
    capBounding: none(capBounding),
    capAmbient: none(capAmbient),
  };
  // Who it is outside the sandbox. Where the container's ids are mapped, that number is the host's, so the own one stays.
  return { ...process, process: { ...process.process, ...held, uid: init.root.mapped ? uid : hostUid } };
}

/**
 * Whether nothing in it has more than the user who made it: each of its processes is in a user namespace in which nobody is the
 * host's root. Capabilities are those of that namespace (user_namespaces(7)).
 */
function isSandbox({ given, ownsUser }: Member, processes: readonly ReadProcess[]): boolean {
  const isConfined = ({ root }: ReadProcess) => root.hasHostRoot === false;
  return given.byProgram === true && ownsUser && processes.length > 0 && processes.every(isConfined);
}

const stopped = "the container stopped while it was read";

/** Reads a container's first process, or says why that is not possible. */
function readMember(given: KernelContainer, host: Host): Member | string {
  const folder = `${host.proc}/${given.pid}`;
  const cgroup = readText(`${folder}/cgroup`);
  const mountinfo = readText(`${folder}/mountinfo`);
  const init = readProcess(given.pid, host);
  if (!init) return stopped;
  if (
    !given.foreign &&
    !isNamedAfter(given.id, cgroup.ok ? cgroup.value : "", mountinfo.ok ? mountinfo.value : "")
  ) {
    return cgroup.ok ? strangerReason(given) : cgroup.reason;
  }
  const { sharesHost } = init.process;
  return {
    id: given.id,
    name: given.name,
    pid: given.pid,
    given,
    init,
    namespaces: init.namespaces,
    sharesHost,
    ownsUser: isAnother(init.namespaces.user, host.reference.user),
    started: init.started,
    sharesHostPid: sharesHost.pid.state !== "set" || sharesHost.pid.value,
    membership: cgroup.ok ? parseCgroup(cgroup.value) : undefined,
    mountinfo,
  };
}
