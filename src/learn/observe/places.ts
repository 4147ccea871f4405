import { dirname } from "node:path";
import { isNobodys, isScratch } from "../../trial/written.ts";

/** One line of `GET /containers/ID/changes`. */
export interface ChangedPath {
  readonly path: string;
  readonly kind: "changed" | "added" | "deleted";
}

/** What stands at a path of the container. */
export interface PathEntry {
  readonly type: "folder" | "file" | "other";
  readonly uid: number;
  readonly gid: number;
  /** Permission bits. */
  readonly mode: number;
  /** Bytes; of a folder, of all that is in it. */
  readonly size: number;
  /** The names in a folder. */
  readonly names: readonly string[];
}

/** A folder that the container writes into. */
export interface WrittenFolder {
  readonly path: string;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly mode: number | undefined;
  /** The bytes in it. */
  readonly bytes: number;
  /** Some of what was written. */
  readonly written: readonly string[];
}

/** Where a container writes in its own layer, outside of volumes. */
export interface Places {
  /** What need not stay: a tmpfs serves. */
  readonly scratch: readonly WrittenFolder[];
  /** What may have to stay: a named volume serves. */
  readonly data: readonly WrittenFolder[];
  /** Files that it wrote among files of the image, or files of the image that it changed: no mount serves. */
  readonly among: readonly string[];
}

const scratchRoots = ["/tmp", "/run", "/var/tmp", "/var/run", "/run/lock", "/var/lock"];

const scratchNames = /(?:^|\/)(?:cache|caches|tmp|temp|run|lock|locks|logs?|spool)(?:\/|$)/i;
const scratchFiles = /(?:\.(?:pid|lock|lck|sock|socket|log|tmp)|\/core)$/i;

/** Sorts what a container changed into folders. `look` reads the container's own files. Pure. */
export function placesOf(
  changes: readonly ChangedPath[],
  mounted: readonly string[],
  look: (path: string) => PathEntry | undefined,
): Places {
  const isMount = (path: string) =>
    mounted.some((target) => target === path || target.startsWith(`${path}/`));
  const meant = changes.filter(({ path }) => !isNobodys(path) && !isMount(path));
  const added = new Set(meant.filter(({ kind }) => kind === "added").map(({ path }) => path));
  const byParent = new Map<string, string[]>();
  const among: string[] = [];
  const folders = new Map<string, string[]>();
  const put = (folder: string, path: string) => folders.set(folder, [...(folders.get(folder) ?? []), path]);
  for (const { path, kind } of meant) {
    const parent = dirname(path);
    if (kind === "added" && !added.has(parent)) byParent.set(parent, [...(byParent.get(parent) ?? []), path]);
    if (kind === "deleted" && !added.has(parent)) {
      if (isScratch(parent)) put(parent, path);
      else among.push(path);
    }
    if (kind !== "changed") continue;
    // Without root no file can be looked at: what has changes below it is a folder, and so is what a system has as one.
    const isFolder =
      path === "/" ||
      (look(path) ? look(path)?.type === "folder" : scratchRoots.includes(path) || hasBelow(meant, path));
    // A file that was removed at once leaves a folder whose time changed.
    if (isFolder && scratchRoots.includes(path) && !hasBelow(meant, path)) put(path, path);
    if (!isFolder && isScratch(parent)) put(parent, path);
    else if (!isFolder) among.push(path);
  }
  for (const [parent, paths] of byParent) {
    const inParent = look(parent);
    const own = new Set(paths.map((path) => path.slice(parent === "/" ? 1 : parent.length + 1)));
    const others = (inParent?.names ?? []).filter(
      (name) => !own.has(name) && !isMount(`${parent === "/" ? "" : parent}/${name}`),
    );
    // Sockets and pid files may hide what else is there: a run shows whether that is missed.
    const isPassing = parent.split("/").length > 3 && paths.every((path) => isPassingFile(path, look(path)));
    // Of a folder that cannot be looked at nobody knows what else is in it.
    const isAlone = inParent ? others.length === 0 : isScratch(parent);
    const serves = parent !== "/" && (scratchRoots.includes(parent) || isAlone || isPassing);
    for (const path of paths) {
      if (serves) put(parent, path);
      else if (look(path)?.type === "folder") put(path, path);
      else among.push(path);
    }
  }
  const all = [...folders].map(([path, written]): WrittenFolder => {
    const entry = look(path);
    return {
      path,
      uid: entry?.uid,
      gid: entry?.gid,
      mode: entry?.mode,
      bytes: entry?.size ?? 0,
      written: written.slice(0, 5),
    };
  });
  // A folder that was made below another place is made there again.
  const outer = all.filter(
    ({ path }) => !(added.has(path) && all.some((other) => path.startsWith(`${other.path}/`))),
  );
  const isData = (place: WrittenFolder) => {
    if (isScratch(place.path) || scratchNames.test(place.path)) return false;
    const inside = [...added].filter((path) => path.startsWith(`${place.path}/`));
    return inside.some((path) => !isPassingFile(path, look(path)) && look(path)?.type === "file");
  };
  const byPath = (a: WrittenFolder, b: WrittenFolder) => (a.path < b.path ? -1 : 1);
  return {
    scratch: outer.filter((place) => !isData(place)).toSorted(byPath),
    data: outer.filter(isData).toSorted(byPath),
    among: among.toSorted(),
  };
}

function hasBelow(changes: readonly ChangedPath[], folder: string): boolean {
  return changes.some(({ path }) => path.startsWith(`${folder}/`));
}

/** Sockets, pid files, locks, logs: made again at each start. */
function isPassingFile(path: string, entry: PathEntry | undefined): boolean {
  return entry?.type === "other" || (entry?.type !== "folder" && scratchFiles.test(path));
}
