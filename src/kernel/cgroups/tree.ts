import { existsSync, realpathSync } from "node:fs";
import { type KernelRead, listFolder, listSubfolders, readText, remembered } from "../files.ts";
import { type MountEntry, parseMountinfo } from "../mounts/mount-table.ts";

/** A container's place in the hierarchy that holds one controller. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /**
   * Absolute folders: the container's own cgroup first, the hierarchy's root last. Its own is the one named after it, also where its
   * first process has moved into one that it made below; of crun, the one that crun makes in the container's scope.
   */
  readonly levels: readonly string[];
}

/** Reads below the mount of cgroupfs, each file once: containers share their ancestors. */
export interface CgroupTree {
  /**
   * Where a controller's files for the container `id` are, by its first process's membership; undefined where
   * no hierarchy has the controller.
   */
  readonly hierarchy: (membership: CgroupMembership, controller: string, id: string) => Hierarchy | undefined;
  readonly read: (path: string) => KernelRead<string>;
}

/**
 * A tree below `mount` (usually /sys/fs/cgroup), in any of the three layouts of systemd: v1 (a folder a
 * controller), v2 (one tree), hybrid (v1, and the v2 tree in `unified`).
 */
export function openCgroupTree(mount: string): CgroupTree {
  const read = openReader();
  const listing = listFolder(mount);
  const folders = new Set(listing.ok ? listing.value : []);
  const indexes = new Map<string, ReadonlyMap<string, string>>();
  const shownAt = new Map<string, string>();
  let mounted: readonly MountEntry[] | undefined;
  // Undefined where the container's cgroup is not in what is mounted here: the files here are another's.
  const locate = (root: string, path: string, id: string) => {
    mounted ??= cgroupMounts();
    const shown = shownAt.get(root) ?? shownCgroup(root, mounted);
    shownAt.set(root, shown);
    if (!leavesNamespace(path) && !leavesNamespace(shown)) {
      if (shown === "/") return path;
      return path === shown || path.startsWith(`${shown}/`) ? path.slice(shown.length) || "/" : undefined;
    }
    const index = indexes.get(root) ?? indexCgroups(root);
    indexes.set(root, index);
    const name = path.split("/").find((part) => part.includes(id));
    const found = name === undefined ? undefined : index.get(name);
    return found !== undefined && path.endsWith(`/${name}/container`) ? `${found}/container` : found;
  };
  // A container stands at the same path in most of its hierarchies, which are asked for one after the other.
  let latest: { readonly path: string; readonly id: string; readonly below: readonly string[] } | undefined;
  const belowRoot = (path: string, id: string) => {
    if (latest?.path === path && latest.id === id) return latest.below;
    const all = ancestry(path);
    const named = all.findLastIndex((each) => each.includes(id));
    const below = all.slice(Math.max(0, named)).map((each) => (each === "/" ? "" : each));
    latest = { path, id, below };
    return below;
  };
  const place = (version: 1 | 2, root: string, path: string, id: string): Hierarchy | undefined => {
    const found = locate(root, path, id);
    if (found === undefined) return undefined;
    const levels = belowRoot(found, id).map((each) => `${root}${each}`);
    const own = `${root}${found}`;
    return { version, levels: version === 2 && isCruns(own, levels[0]) ? [own, ...levels] : levels };
  };
  return {
    read,
    hierarchy({ unified, controllers }, controller, id) {
      const member = controllers.get(controller);
      if (member) {
        const folder = [controller, member.hierarchy].find((name) => folders.has(name)) ?? controller;
        return place(1, `${mount}/${folder}`, member.path, id);
      }
      if (unified === undefined) return undefined;
      const root = controllers.size > 0 ? `${mount}/unified` : mount;
      return place(2, root, unified, id);
    },
  };
}

/**
 * The cgroup of v2 that a container's processes are in where crun asks systemd for its scope: systemd writes the scope's files, and
 * swap there as Docker counts it, with memory. In crun's own is what was asked for (crun(1): run.oci.systemd.subgroup). A workload
 * can make a cgroup of that name, too: what counts is that no process of the container is beside it.
 */
function isCruns(folder: string, scope: string | undefined): boolean {
  if (scope?.endsWith(".scope") !== true || folder !== `${scope}/container`) return false;
  const beside = readText(`${scope}/cgroup.procs`);
  return listSubfolders(scope).length === 1 && beside.ok && beside.value.trim() === "";
}

/** Where this process sees cgroupfs mounted. */
function cgroupMounts(): readonly MountEntry[] {
  const own = readText("/proc/self/mountinfo");
  return own.ok ? parseMountinfo(own.value).filter(({ type }) => /^cgroup2?$/.test(type)) : [];
}

/** Which cgroup a mount of cgroupfs shows at its top, as our own cgroup namespace spells it; `/` where none is mounted there. */
function shownCgroup(root: string, mounted: readonly MountEntry[]): string {
  const at = realPath(root);
  return mounted.findLast(({ target }) => target === at)?.root ?? "/";
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Every cgroup by its folder's name. Only needed from inside a cgroup namespace, where the kernel writes
 * another container's path as `/../docker-ID.scope`: the id finds it in the host's tree. Bounded.
 */
function indexCgroups(root: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  let layer = [""];
  for (let depth = 0; depth < 10 && found.size < 20_000 && layer.length > 0; depth++) {
    layer = layer.flatMap((parent) => listSubfolders(`${root}${parent}`).map((name) => `${parent}/${name}`));
    for (const path of layer) {
      const name = path.slice(path.lastIndexOf("/") + 1);
      if (!found.has(name)) found.set(name, path);
    }
  }
  return found;
}

/**
 * Reads each file once, and none that a sibling cgroup lacks: the parent's controllers decide which files its
 * children have, and a file that is missing costs more than one that is there.
 */
function openReader(): CgroupTree["read"] {
  const texts = new Map<string, KernelRead<string>>();
  /** By the file's name, then by its folder's parent. */
  const missing = new Map<string, Map<string, KernelRead<string>>>();
  return (path) => {
    const before = texts.get(path);
    if (before) return before;
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash);
    const parent = () => path.slice(0, path.lastIndexOf("/", slash - 1));
    const kin = missing.get(name);
    const absent = kin?.get(parent());
    if (absent) return absent;
    const now = readText(path);
    texts.set(path, now);
    if (!now.ok && now.failure === "gone" && existsSync(path.slice(0, slash))) {
      missing.set(name, (kin ?? new Map<string, KernelRead<string>>()).set(parent(), now));
    }
    return now;
  };
}

const controllers = ["memory", "cpu", "cpuset", "pids", "blkio", "io", "devices"];

/** The folders of a container's own cgroups, in which its limits and device rules are; none where its first process has ended. */
export function cgroupFolders(
  { proc, cgroup }: { readonly proc: string; readonly cgroup: string },
  { id, pid }: { readonly id: string; readonly pid: number },
): readonly string[] {
  const read = readText(`${proc}/${pid}/cgroup`);
  if (!read.ok) return [];
  const tree = openCgroupTree(cgroup);
  const membership = parseCgroup(read.value);
  const levels = controllers.flatMap(
    (controller) => tree.hierarchy(membership, controller, id)?.levels ?? [],
  );
  // Of crun, its scope, too. The root's would be the host's limits.
  return [...new Set(levels)].filter((folder) => folder.includes(id));
}

/** Folders that are read for the tasks of one container: it may make cgroups of its own. */
const mostFolders = 500;

/** The threads in a container's own cgroups and those below, as the kernel numbers them. */
export function cgroupTasks(
  places: { readonly proc: string; readonly cgroup: string },
  container: { readonly id: string; readonly pid: number },
): readonly number[] {
  const tasks = new Set<number>();
  const folders = [...cgroupFolders(places, container)];
  for (let at = 0; at < folders.length && at < mostFolders; at += 1) {
    const folder = folders[at] ?? "";
    for (const name of ["tasks", "cgroup.threads"]) {
      const read = readText(`${folder}/${name}`);
      if (!read.ok) continue;
      for (const line of read.value.split("\n")) if (line !== "") tasks.add(Number(line));
    }
    const below = listSubfolders(folder).map((name) => `${folder}/${name}`);
    folders.push(...below.filter((each) => !folders.includes(each)));
  }
  return [...tasks];
}

/** Where a process stands in each hierarchy, from /proc/PID/cgroup (cgroups(7)). */
export interface CgroupMembership {
  /** The path in the unified (v2) hierarchy; undefined where there is none. */
  readonly unified: string | undefined;
  /** v1 controllers (`memory`, `name=systemd`) to the path in theirs. */
  readonly controllers: ReadonlyMap<string, { readonly path: string; readonly hierarchy: string }>;
}

/**
 * Parses /proc/PID/cgroup: `4:memory:/docker/ID` in v1 (several controllers may share a hierarchy:
 * `3:cpu,cpuacct:/…`), `0::/system.slice/docker-ID.scope` in v2, both in the hybrid layout. The path is
 * relative to the reader's cgroup namespace and may begin with `/..`.
 */
export const parseCgroup = remembered((text): CgroupMembership => {
  const controllers = new Map<string, { path: string; hierarchy: string }>();
  let unified: string | undefined;
  for (const line of text.split("\n")) {
    const match = /^(\d+):([^:]*):(\/.*)$/.exec(line);
    if (!match) continue;
    const [, number, list = "", given = ""] = match;
    // A cgroup that was removed under a process keeps its name with this suffix.
    const path = given.replace(/ \(deleted\)$/, "");
    if (number === "0" && list === "") unified = path;
    else for (const name of list.split(",")) controllers.set(name, { path, hierarchy: list });
  }
  return { unified, controllers };
});

/** The cgroup and its ancestors, itself first, `/` last. */
export function ancestry(path: string): readonly string[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return [...parts.map((_, index) => `/${parts.slice(0, parts.length - index).join("/")}`), "/"];
}

/** Whether a path leads out of the reader's cgroup namespace, so that it cannot be found below its root. */
export function leavesNamespace(path: string): boolean {
  return path.split("/").includes("..");
}
