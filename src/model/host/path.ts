/**
 * A path on a Linux host in the spelling that paths are compared in: `/var/run` is `/run` and `/var/lock` is
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
  if (path.startsWith("/") && !/\/\.{0,2}(?:\/|$)/.test(path)) return path;
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
