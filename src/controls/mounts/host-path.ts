import { canonicalPath } from "../../model/host/path.ts";
import type { Mount } from "../../model/mount.ts";

/**
 * The canonical host path that a mount exposes, as exactly as its reader could tell; undefined where the Engine
 * manages the storage itself, or where it is a bind of a place that nobody could name.
 */
export function hostPathOf(mount: Mount): string | undefined {
  const path = mount.resolvedPath ?? mount.hostPath;
  if (path !== undefined) return canonicalPath(path);
  return mount.type === "bind" && mount.source?.startsWith("/") ? canonicalPath(mount.source) : undefined;
}
