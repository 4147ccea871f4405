import { posix } from "node:path";

/** The folder that a command is taken to run in. */
export interface Folder {
  /** As the file's own path is written: `.`, `deploy`, `/srv/app`. */
  readonly path: string;
  readonly absolute: string;
}

export function folder(path: string): Folder {
  return { path, absolute: posix.resolve(path) };
}

export function folderOf(file: string): Folder {
  return folder(posix.dirname(file));
}

/** A file that a command names, written like the command's own file so that reports stay readable. */
export function fileIn(base: Folder, path: string): string {
  const inside = `${base.absolute}/`;
  const relative = path.startsWith(inside) ? path.slice(inside.length) : path;
  return posix.isAbsolute(relative) ? posix.normalize(relative) : posix.join(base.path, relative);
}
