import { posix, resolve } from "node:path";

/** The folder that relative paths of a file stand on. */
export interface Folder {
  /** As the user's own paths are written: `.`, `deploy`, `/srv/app`. */
  readonly path: string;
  /** The same, absolute. */
  readonly absolute: string;
}

export function folder(path: string): Folder {
  return { path, absolute: resolve(path) };
}

export function folderOf(file: string): Folder {
  return folder(posix.dirname(file));
}

/** A file that a Compose file names, written like the Compose file's own path so that reports stay readable. */
export function fileIn(base: Folder, path: string, home: string): string {
  if (path.startsWith("~")) return posix.join(home, path.slice(1));
  return posix.isAbsolute(path) ? posix.normalize(path) : posix.join(base.path, path);
}

/** An absolute path, written like the folder's own. */
export function asWritten(base: Folder, absolute: string): string {
  return posix.isAbsolute(base.path)
    ? absolute
    : posix.join(base.path, posix.relative(base.absolute, absolute));
}
