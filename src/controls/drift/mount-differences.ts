import type { Container } from "../../model/container.ts";
import { type SetFact, setItems } from "../../model/fact.ts";
import { isAtOrBelow } from "../../model/host/path.ts";
import type { Mount } from "../../model/mount.ts";
import type { Difference } from "./difference.ts";

/**
 * Mounts that the kernel has and the Engine did not make, and those that became writable. A container whose mounts the Engine
 * cannot tell in full (`--volumes-from`, one that is not resolved) is left out.
 */
export function mountDifferences(configured: Container, effective: Container): readonly Difference[] {
  if (configured.volumesFrom.length > 0 || configured.mounts.some(({ state }) => state !== "set")) return [];
  const asked = setItems(configured.mounts).map(({ value }) => value);
  return setItems(effective.mounts).flatMap((mounted) => compare(mounted, asked));
}

function compare({ value, origins }: SetFact<Mount>, asked: readonly Mount[]): readonly Difference[] {
  const same = asked.find((each) => isSame(each, value));
  const field = `mount ${value.target}`;
  if (same) {
    if (!same.readOnly || value.readOnly) return [];
    return [{ field, configured: "read-only", effective: "writable", origins }];
  }
  // What lies below a bind came along with it.
  if (asked.some((each) => each.type !== "tmpfs" && isAtOrBelow(value.target, each.target))) return [];
  if (isRuntimes(value)) return [];
  const source = value.hostPath ?? value.source ?? value.type;
  return [{ field, configured: "no mount", effective: source, origins }];
}

/** The target of a mount can lie behind a link of the image (`/var/run`): then its source tells which it is. */
function isSame(asked: Mount, mounted: Mount): boolean {
  if (trimmed(asked.target) === mounted.target) return true;
  if (asked.type !== mounted.type) return false;
  if (asked.type === "tmpfs") return asked.target.endsWith(lastOf(mounted.target));
  const path = mounted.resolvedPath ?? mounted.hostPath;
  const isSource = path !== undefined && [asked.resolvedPath, asked.hostPath].includes(path);
  return isSource || (asked.source !== undefined && asked.source === mounted.source);
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/"));
}

/** What the Engine mounts for every container, where its reader could not tell it from a user's. */
function isRuntimes({ target }: Mount): boolean {
  return ["/dev", "/proc", "/sys", "/run/secrets"].some((folder) => isAtOrBelow(target, folder));
}
