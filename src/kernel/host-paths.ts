import type { MountEntry } from "./mountinfo.ts";

/** A place in a file system: the same wherever it is mounted. */
export interface Place {
  readonly device: string;
  readonly root: string;
}

/** Turns what a mount shows of a file system into a path of the host, and back. */
export interface HostPaths {
  /**
   * Where the host shows this place; `volumes`-like folders can be left out with `skip`, which is asked with
   * each possible path. Undefined where the host's mounts do not show it.
   */
  readonly pathOf: (place: Place, skip?: (path: string) => boolean) => string | undefined;
  /** The place behind a path of the host, which must be free of symlinks. */
  readonly placeOf: (path: string) => Place | undefined;
  /** Whether the host mounts this file system at all. */
  readonly knows: (device: string) => boolean;
}

/** From the engine's own mountinfo. */
export function hostPaths(mounts: readonly MountEntry[]): HostPaths {
  const byDevice = new Map<string, MountEntry[]>();
  for (const entry of mounts) {
    const same = byDevice.get(entry.device);
    if (same) same.push(entry);
    else byDevice.set(entry.device, [entry]);
  }
  /** Mount point to the mount that is seen there: the last one. */
  const seen = new Map(mounts.map((entry) => [entry.target, entry]));
  const mountOf = (path: string): MountEntry | undefined => {
    for (let at = path; ; at = parentOf(at)) {
      const entry = seen.get(at);
      if (entry || at === "/") return entry;
    }
  };
  return {
    knows: (device) => byDevice.has(device),
    pathOf({ device, root }, skip = () => false) {
      const candidates = (byDevice.get(device) ?? []).flatMap((entry) => {
        const rest = below(entry.root, root);
        if (rest === undefined) return [];
        const path = join(entry.target, rest);
        return skip(path) ? [] : { path, depth: entry.root.length, visible: mountOf(path) === entry };
      });
      // A mount that another one covers is no way to the place, as long as there is a way.
      const open = candidates.filter(({ visible }) => visible);
      const [first, ...others] = open.length > 0 ? open : candidates;
      return first && others.reduce((a, b) => (b.depth > a.depth ? b : a), first).path;
    },
    placeOf(path) {
      const entry = mountOf(path);
      const rest = entry && below(entry.target, path);
      if (!entry || rest === undefined) return undefined;
      return { device: entry.device, root: join(entry.root, rest) };
    },
  };
}

/** What is left of `path` beneath `folder` (`""`, `/a/b`); undefined where it is not there. */
export function below(folder: string, path: string): string | undefined {
  if (folder === "/") return path === "/" ? "" : path;
  if (path === folder) return "";
  return path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined;
}

export function join(folder: string, rest: string): string {
  if (rest === "") return folder;
  return folder === "/" ? rest : `${folder}${rest}`;
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
