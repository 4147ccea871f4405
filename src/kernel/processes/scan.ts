import { type NamespaceKind, namespaceKinds } from "../../model/container/namespace.ts";
import type { Fact } from "../../model/fact.ts";
import type { CgroupMembership, CgroupTree } from "../cgroups/tree.ts";
import { listFolder, listSubfolders, readLink, readText } from "../files.ts";
import type { Namespaces } from "./namespaces.ts";
import { isAlive } from "./process.ts";

/** What is needed of a container to find its processes. */
export interface ScannedContainer {
  readonly id: string;
  readonly pid: number;
  readonly namespaces: Namespaces;
  readonly membership: CgroupMembership | undefined;
  readonly sharesHost: Readonly<Record<NamespaceKind, Fact<boolean>>>;
  readonly ownsUser: boolean;
  readonly started: number;
}

/**
 * The pids of each container: those in its cgroup and the cgroups below, and those in another cgroup that are in any of its
 * namespaces (nsenter). One pass over /proc serves all containers.
 */
export function scanProcesses(
  proc: string,
  tree: CgroupTree,
  containers: readonly ScannedContainer[],
): ReadonlyMap<string, readonly number[]> {
  const pids = new Map<string, Set<number>>();
  const taken = new Set<number>();
  const isNumberedAlike = numbersAreOf(proc);
  for (const container of containers) {
    const own = new Set([container.pid]);
    const folder = isNumberedAlike ? cgroupFolder(tree, container) : undefined;
    for (const pid of folder === undefined ? [] : pidsBelow(folder)) own.add(pid);
    pids.set(container.id, own);
    for (const pid of own) taken.add(pid);
  }
  const owners = namespaceOwners(containers);
  const ids = isNumberedAlike ? [] : containers.map(({ id }) => id);
  if (owners.size > 0 || ids.length > 0) {
    for (const pid of runningPids(proc)) {
      if (taken.has(pid)) continue;
      const owner = named(`${proc}/${pid}/cgroup`, ids) ?? ownerOf(`${proc}/${pid}/ns`, owners);
      if (owner !== undefined) pids.get(owner)?.add(pid);
    }
  }
  return new Map([...pids].map(([id, set]) => [id, [...set]]));
}

/**
 * Whether cgroup.procs counts as a procfs does: the kernel writes it in the numbers of the reader's PID namespace, so that a program in a
 * container finds itself there as 1, which is another process in the host's procfs.
 */
function numbersAreOf(proc: string): boolean {
  const own = ownNumberIn(proc);
  return own === undefined || own === String(process.pid);
}

/** This program's number in a procfs; undefined where that is of a PID namespace in which it has none. */
export function ownNumberIn(proc: string): string | undefined {
  const read = readLink(`${proc}/self`);
  return read.ok ? read.value : undefined;
}

/** Which of the ids the cgroup of a process is named after: the outermost, for below it a container may name cgroups as it likes. */
function named(file: string, ids: readonly string[]): string | undefined {
  const read = ids.length > 0 ? readText(file) : undefined;
  if (!read?.ok) return undefined;
  const found = ids.map((id) => ({ id, at: read.value.indexOf(id) })).filter(({ at }) => at !== -1);
  return found.sort((a, b) => a.at - b.at)[0]?.id;
}

/** A container that may own a namespace. */
type Owner = Pick<ScannedContainer, "id" | "namespaces" | "sharesHost" | "ownsUser" | "started">;

/**
 * Finds the container in one of whose own namespaces a process is, or starts its children (setns(2) into a pid namespace moves
 * only those); `gone` where the process has ended.
 */
export function ownerFinder(
  proc: string,
  containers: readonly Owner[],
): (pid: number) => { readonly id: string | undefined } | "gone" {
  const owners = namespaceOwners(containers);
  return (pid) => {
    const folder = `${proc}/${pid}/ns`;
    const ofChildren = readLink(`${folder}/pid_for_children`);
    const id = ownerOf(folder, owners) ?? (ofChildren.ok ? owners.get(ofChildren.value) : undefined);
    return id === undefined && !isAlive(`${proc}/${pid}`) ? "gone" : { id };
  };
}

/** The mount namespace first: it is the one that most who enter join. */
const joined = ["mnt", ...namespaceKinds.filter((kind) => kind !== "mnt")] as const;

function ownerOf(folder: string, owners: ReadonlyMap<string, string>): string | undefined {
  for (const kind of joined) {
    const read = readLink(`${folder}/${kind}`);
    const owner = read.ok ? owners.get(read.value) : undefined;
    if (owner !== undefined) return owner;
    // A kernel thread, or a process that is about to end.
    if (!read.ok) return undefined;
  }
  return undefined;
}

/** Namespace to the container that made it; one that is the host's, or not known to be another, is nobody's. */
function namespaceOwners(containers: readonly Owner[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const youngestFirst = [...containers].sort((a, b) => b.started - a.started);
  for (const { id, namespaces, sharesHost, ownsUser } of youngestFirst) {
    for (const kind of namespaceKinds) {
      const own = namespaces[kind];
      const isHosts =
        kind === "user" ? !ownsUser : sharesHost[kind].state !== "set" || sharesHost[kind].value;
      if (own.state === "set" && (kind === "mnt" || !isHosts)) owners.set(own.value, id);
    }
  }
  return owners;
}

/** The folder of the cgroup that is named after the container, in whichever hierarchy has it. */
function cgroupFolder(tree: CgroupTree, { membership, id }: ScannedContainer): string | undefined {
  if (!membership) return undefined;
  const controllers = ["memory", "pids", "devices", "cpu", "name=systemd", "freezer", "unified"];
  return controllers
    .map((controller) => tree.hierarchy(membership, controller, id)?.levels[0])
    .find((folder) => folder?.includes(id));
}

/** Every pid in a cgroup and in those below it. Bounded in depth, for a container can make cgroups itself. */
function pidsBelow(folder: string, depth = 0): readonly number[] {
  if (depth > 32) return [];
  const read = readText(`${folder}/cgroup.procs`);
  const own = read.ok
    ? read.value.split("\n").flatMap((line) => (/^\d+$/.test(line) ? Number(line) : []))
    : [];
  const below = listSubfolders(folder).flatMap((name) => pidsBelow(`${folder}/${name}`, depth + 1));
  return [...own, ...below];
}

export function runningPids(proc: string): readonly number[] {
  const listing = listFolder(proc);
  return listing.ok ? listing.value.flatMap((name) => (/^\d+$/.test(name) ? Number(name) : [])) : [];
}
