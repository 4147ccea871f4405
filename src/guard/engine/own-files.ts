import { posix } from "node:path";
import type { HostFiles } from "../../engine/host/files.ts";
import { canonicalPath, isAtOrBelow } from "../../model/host/path.ts";
import type { OwnReached } from "../judge/result.ts";

/** A file or folder that the guard itself depends on, by its path on the host. */
export interface OwnFile {
  readonly path: string;
  /** As it follows “the guard's”: `listener`, `audit log`. */
  readonly what: OwnReached["what"];
}

/** Milliseconds for which inodes count as known. */
const inodesLast = 5_000;

type Files = Pick<HostFiles, "realPath" | "stat"> & {
  /** The names in a folder; none where it is not a folder. */
  readonly list: (path: string) => readonly string[];
};

/** A folder of programs has a few dozen files; more than this are not told apart by inode. */
const mostFiles = 500;

/**
 * Tells which of the guard's own files a path leads to: by its name, from above or below, and by device and inode, so that a link,
 * a hard link and a bind mount of it elsewhere count as well. `paths` are spellings of one path; `real` is what exists there.
 */
export function ownFilesAt(
  own: () => readonly OwnFile[],
  files: Files,
): (paths: readonly string[], real: string | undefined) => readonly OwnReached[] {
  let known: readonly OwnFile[] = [];
  let until = 0;
  let places: readonly OwnFile[] = [];
  let byInode = new Map<string, OwnReached[]>();

  function refresh(): void {
    const now = own();
    if (now === known && Date.now() < until) return;
    known = now;
    until = Date.now() + inodesLast;
    places = now.flatMap(({ path, what }) =>
      [...new Set([canonicalPath(path), files.realPath(path) ?? path])].map((each) => ({ path: each, what })),
    );
    byInode = inodesOf(places, files);
  }

  return (paths, real) => {
    refresh();
    const identity = real === undefined ? undefined : files.stat(real)?.identity;
    const found = [
      ...paths.flatMap((path) => reachedByPath(canonicalPath(path), places)),
      ...(identity === undefined ? [] : (byInode.get(identity) ?? [])),
    ];
    return [...new Map(found.map((each) => [`${each.path} ${each.how}`, each])).values()];
  };
}

/** The same where nothing of the host is visible: by the letters of the path alone. */
export function ownFilesByPath(paths: readonly string[], own: readonly OwnFile[]): readonly OwnReached[] {
  const places = own.map(({ path, what }) => ({ path: canonicalPath(path), what }));
  return paths.flatMap((path) => reachedByPath(canonicalPath(path), places));
}

function reachedByPath(path: string, places: readonly OwnFile[]): readonly OwnReached[] {
  return places.flatMap((place): readonly OwnReached[] => {
    if (path === place.path) return [{ ...place, how: "at" }];
    if (isAtOrBelow(place.path, path)) return [{ ...place, how: "above" }];
    // audit.log.1 is what audit.log was before.
    return isAtOrBelow(path, place.path) || path.startsWith(`${place.path}.`)
      ? [{ ...place, how: "below" }]
      : [];
  });
}

function inodesOf(places: readonly OwnFile[], files: Files): Map<string, OwnReached[]> {
  const found = new Map<string, OwnReached[]>();
  const add = (path: string, reached: OwnReached) => {
    const identity = files.stat(path)?.identity;
    if (identity !== undefined) found.set(identity, [...(found.get(identity) ?? []), reached]);
  };
  for (const place of places) {
    add(place.path, { ...place, how: "at" });
    for (const name of files.list(place.path).slice(0, mostFiles)) {
      add(posix.join(place.path, name), { ...place, how: "below" });
    }
    for (let above = place.path; above !== "/"; ) {
      above = posix.dirname(above);
      add(above, { ...place, how: "above" });
    }
  }
  return found;
}
