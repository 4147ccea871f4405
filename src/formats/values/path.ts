import { posix } from "node:path";

/** An absolute POSIX path without `.`, `..`, doubled or trailing slashes: `/var/run/../run/` is `/var/run`. */
export function normalisePath(path: string): string {
  const clean = posix.normalize(path);
  return clean.length > 1 && clean.endsWith("/") ? clean.slice(0, -1) : clean;
}

/** A host path as written, made absolute: `~` is the home folder, the rest stands on `baseDir`. */
export function resolveHostPath(
  path: string,
  where: { readonly baseDir: string; readonly home: string },
): string {
  if (path === "~") return normalisePath(where.home);
  if (path.startsWith("~/")) return normalisePath(posix.join(where.home, path.slice(2)));
  return normalisePath(posix.resolve("/", where.baseDir, path));
}
