import { type MountEntry, type MountTable, parentOf } from "./mount-table.ts";

/** A place in a file system: the same wherever it is mounted. */
export interface FileSystemPath {
  readonly device: string;
  readonly root: string;
}

/** Turns what a mount shows of a file system into a path of the host, and back. */
export interface HostPaths {
  /**
   * Where the host shows this place. The likeliest name first: the mount of most of the file system, so that
   * /etc is /etc although somebody bound it elsewhere, too. Empty where the host's mounts do not show it.
   */
  readonly pathsOf: (place: FileSystemPath) => readonly string[];
  /** The place behind a path of the host, which must be free of symlinks. */
  readonly placeOf: (path: string) => FileSystemPath | undefined;
  /** Whether the host mounts this file system at all. */
  readonly knows: (device: string) => boolean;
}

/** From the engine's own mountinfo. */
export function hostPaths(entries: readonly MountEntry[], table: MountTable): HostPaths {
  const byDevice = new Map<string, MountEntry[]>();
  for (const entry of entries) {
    const same = byDevice.get(entry.device);
    if (same) same.push(entry);
    else byDevice.set(entry.device, [entry]);
  }
  return {
    knows: (device) => byDevice.has(device),
    pathsOf({ device, root }) {
      const candidates = (byDevice.get(device) ?? []).flatMap((entry) => {
        const rest = below(entry.root, root);
        if (rest === undefined) return [];
        const path = join(entry.target, rest);
        return { path, depth: entry.root.length, visible: table.covering(path) === entry };
      });
      // A mount that another one covers is no way to the place, as long as there is a way.
      const open = candidates.filter(({ visible }) => visible);
      const sorted = (open.length > 0 ? open : candidates).sort((a, b) => a.depth - b.depth);
      return [...new Set(sorted.map(({ path }) => path))];
    },
    placeOf(path) {
      const entry = table.covering(path);
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

/** The path and each folder above it, itself first, `/` last. */
export function upwards(path: string): readonly string[] {
  const found = [path];
  for (let at = path; at !== "/"; ) {
    at = parentOf(at);
    found.push(at);
  }
  return found;
}
