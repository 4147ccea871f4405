import { type CgroupMembership, parseCgroup } from "./cgroup.ts";
import type { CgroupTree, Hierarchy } from "./cgroup-tree.ts";
import { listFolder, listSubfolders, readLink, readText } from "./files.ts";
import type { Namespaces } from "./namespaces.ts";

/** What is needed of a container to find its processes. */
export interface ScannedContainer {
  readonly id: string;
  readonly pid: number;
  readonly namespaces: Namespaces;
  readonly membership: CgroupMembership | undefined;
  readonly sharesHostPid: boolean;
  readonly started: number;
}

/**
 * The pids of each container: those in its cgroup and the cgroups below, and those that stand elsewhere but
 * in its pid or mount namespace (nsenter). One pass over /proc serves all containers.
 */
export function scanProcesses(
  proc: string,
  tree: CgroupTree,
  containers: readonly ScannedContainer[],
): ReadonlyMap<string, readonly number[]> {
  const pids = new Map<string, Set<number>>();
  const taken = new Set<number>();
  for (const container of containers) {
    const own = new Set([container.pid]);
    const where = processHierarchy(tree, container);
    for (const pid of where ? pidsBelow(where.levels[0] ?? "") : []) own.add(pid);
    pids.set(container.id, own);
    for (const pid of own) taken.add(pid);
  }
  const owners = namespaceOwners(containers);
  if (owners.size > 0) {
    for (const pid of runningPids(proc)) {
      if (taken.has(pid)) continue;
      const owner = ["mnt", "pid"].map((kind) => ownerOf(`${proc}/${pid}/ns/${kind}`, owners)).find(Boolean);
      if (owner !== undefined) pids.get(owner)?.add(pid);
    }
  }
  return new Map([...pids].map(([id, set]) => [id, [...set]]));
}

function ownerOf(link: string, owners: ReadonlyMap<string, string>): string | undefined {
  const read = readLink(link);
  return read.ok ? owners.get(read.value) : undefined;
}

/** Namespace to the container that made it; a pid namespace that is the host's, or the rest's, is nobody's. */
function namespaceOwners(containers: readonly ScannedContainer[]): ReadonlyMap<string, string> {
  const owners = new Map<string, string>();
  const youngestFirst = [...containers].sort((a, b) => b.started - a.started);
  for (const { id, namespaces, sharesHostPid } of youngestFirst) {
    if (namespaces.mnt.state === "set") owners.set(namespaces.mnt.value, id);
    if (namespaces.pid.state === "set" && !sharesHostPid) owners.set(namespaces.pid.value, id);
  }
  return owners;
}

/** The hierarchy in which the container's cgroup is really its own: the path holds its id. */
function processHierarchy(tree: CgroupTree, container: ScannedContainer): Hierarchy | undefined {
  const { membership, id } = container;
  if (!membership) return undefined;
  const candidates = ["memory", "pids", "devices", "cpu", "name=systemd", "freezer", ""];
  for (const controller of candidates) {
    const where = tree.hierarchy(membership, controller);
    const level = where?.levels.findLast((path) => path.includes(id));
    // The cgroup named after the container, even where its first process has moved into one below.
    if (where && level !== undefined) return { ...where, levels: [level] };
  }
  return undefined;
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

function runningPids(proc: string): readonly number[] {
  const listing = listFolder(proc);
  return listing.ok ? listing.value.flatMap((name) => (/^\d+$/.test(name) ? Number(name) : [])) : [];
}

/** The cgroup membership of a process; undefined where it has ended or hides it. */
export function readMembership(proc: string, pid: number): CgroupMembership | undefined {
  const read = readText(`${proc}/${pid}/cgroup`);
  return read.ok ? parseCgroup(read.value) : undefined;
}
