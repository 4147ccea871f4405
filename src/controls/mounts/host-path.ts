import type { Mount } from "../../model/mount.ts";

/**
 * A path on a Linux host in the spelling that the controls compare: `/var/run` is `/run` and `/var/lock` is
 * `/run/lock` (symlinks on every current distribution), and `/proc/1/root/x` is `/x`. Another process may be one of a
 * container, with another root: its `/proc/4242/root/x` stays what it is. Doubled slashes (as written for Docker
 * Desktop: `//var/run/docker.sock`), `.`, `..` and a trailing slash are gone.
 */
export function canonicalPath(path: string): string {
  const clean = withoutDots(path);
  const root = /^\/proc\/(?:1|self|thread-self)\/root(\/.*)?$/.exec(clean);
  if (root) return canonicalPath(root[1] ?? "/");
  return clean.replace(/^\/var\/run(?=\/|$)/, "/run").replace(/^\/var\/lock(?=\/|$)/, "/run/lock");
}

function withoutDots(path: string): string {
  const kept: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") kept.pop();
    else if (part !== "" && part !== ".") kept.push(part);
  }
  return `/${kept.join("/")}`;
}

/** Whether `path` is `base` or below it. Both canonical. */
export function isAtOrBelow(path: string, base: string): boolean {
  return path === base || base === "/" || path.startsWith(`${base}/`);
}

/** Whether it names a Windows pipe: `\\.\pipe\docker_engine`, also with slashes. */
export function isPipe(path: string): boolean {
  return /^[\\/]{2}\.[\\/]pipe[\\/]/.test(path);
}

/** The last part of the path: `docker.sock`. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * The canonical host path that a mount exposes, as exactly as its reader could tell; undefined where the Engine
 * manages the storage itself, or where it is a bind of a place that nobody could name.
 */
export function hostPathOf(mount: Mount): string | undefined {
  const path = mount.resolvedPath ?? mount.hostPath;
  if (path !== undefined) return canonicalPath(path);
  return mount.type === "bind" && mount.source?.startsWith("/") ? canonicalPath(mount.source) : undefined;
}

const home = /^(\/root|\/home\/[^/]+|\/Users\/[^/]+)(?:\/(.*))?$/;

/** Where the path stands in a person's home folder: `""` for the whole of it, `.ssh/config`; undefined elsewhere. */
export function placeInHome(path: string, source: string | undefined): string | undefined {
  if (source !== undefined && /^~(\/|$)/.test(source)) {
    return canonicalPath(source.slice(1)).slice(1);
  }
  const match = home.exec(path);
  return match ? (match[2] ?? "") : undefined;
}
