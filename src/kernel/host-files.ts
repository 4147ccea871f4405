import { lstatSync, readlinkSync } from "node:fs";

/**
 * Resolves the symlinks of an absolute path as a process with the root `root` (/proc/PID/root) would: an
 * absolute link starts at that root, not at ours. Undefined where the path does not exist or cannot be looked
 * at.
 */
export function resolveBelow(root: string, path: string): string | undefined {
  const pending = path.split("/").reverse();
  const done: string[] = [];
  let links = 0;
  try {
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === "" || part === ".") continue;
      if (part === "..") {
        done.pop();
        continue;
      }
      const at = `${root}/${[...done, part].join("/")}`;
      if (!lstatSync(at).isSymbolicLink()) {
        done.push(part);
        continue;
      }
      links += 1;
      // The kernel's own bound (path_resolution(7)).
      if (links > 40) return undefined;
      const target = readlinkSync(at);
      if (target.startsWith("/")) done.length = 0;
      pending.push(...target.split("/").reverse());
    }
  } catch {
    return undefined;
  }
  return `/${done.join("/")}`;
}

/** The inode of a socket; undefined for anything else. Does not follow a link. */
export function socketInode(path: string): number | undefined {
  try {
    const entry = lstatSync(path);
    return entry.isSocket() ? entry.ino : undefined;
  } catch {
    return undefined;
  }
}
