import type { CgroupMembership } from "../cgroups/membership.ts";
import type { CgroupTree } from "../cgroups/tree.ts";
import { listFolder, listSubfolders, readLink, readText } from "../files.ts";
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
    const folder = cgroupFolder(tree, container);
    for (const pid of folder === undefined ? [] : pidsBelow(folder)) own.add(pid);
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

function runningPids(proc: string): readonly number[] {
  const listing = listFolder(proc);
  return listing.ok ? listing.value.flatMap((name) => (/^\d+$/.test(name) ? Number(name) : [])) : [];
}
