import { ancestry, type CgroupMembership, leavesNamespace } from "./cgroup.ts";
import { type KernelRead, listFolder, listSubfolders, readText } from "./files.ts";

/** A container's place in the hierarchy that holds one controller. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Absolute folders: the container's own cgroup first, the hierarchy's root last. */
  readonly levels: readonly string[];
}

/** Reads below the mount of cgroupfs, each file once: containers share their ancestors. */
export interface CgroupTree {
  /** Where a controller's files for this process are; undefined where no hierarchy has the controller. */
  readonly hierarchy: (membership: CgroupMembership, controller: string) => Hierarchy | undefined;
  readonly read: (path: string) => KernelRead<string>;
}

/**
 * A tree below `mount` (usually /sys/fs/cgroup), in any of the three layouts of systemd: v1 (a folder a
 * controller), v2 (one tree), hybrid (v1, and the v2 tree in `unified`).
 */
export function openCgroupTree(mount: string): CgroupTree {
  const texts = new Map<string, KernelRead<string>>();
  const read = (path: string) => {
    const before = texts.get(path);
    if (before) return before;
    const now = readText(path);
    texts.set(path, now);
    return now;
  };
  const listing = listFolder(mount);
  const folders = new Set(listing.ok ? listing.value : []);
  let index: ReadonlyMap<string, string> | undefined;
  const locate = (root: string, path: string) => {
    if (!leavesNamespace(path)) return path;
    index ??= indexCgroups(root);
    const name = path.split("/").findLast((part) => part !== "" && part !== "..");
    return (name === undefined ? undefined : index.get(name)) ?? path;
  };
  const levels = (root: string, path: string) =>
    ancestry(locate(root, path)).map((each) => (each === "/" ? root : `${root}${each}`));
  return {
    read,
    hierarchy({ unified, controllers }, controller) {
      const member = controllers.get(controller);
      if (member) {
        const folder = [controller, member.hierarchy].find((name) => folders.has(name)) ?? controller;
        return { version: 1, levels: levels(`${mount}/${folder}`, member.path) };
      }
      if (unified === undefined) return undefined;
      const root = controllers.size > 0 ? `${mount}/unified` : mount;
      return { version: 2, levels: levels(root, unified) };
    },
  };
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
