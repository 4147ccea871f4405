import type { PathProtection } from "../../model/container-values.ts";
import { maskedByDocker, readOnlyByDocker } from "../../model/host/protected-paths.ts";
import { isReadOnly, type MountEntry, type MountTable } from "./mount-table.ts";

/**
 * Which of Docker's protected kernel paths are really covered. `exists` says whether the kernel has a path:
 * one that it has not needs no cover and counts as protected. Nothing covered at all is `unconfined`.
 */
export function readPathProtection(table: MountTable, exists: (path: string) => boolean): PathProtection {
  const { masked, locked } = covered.get(table) ?? findCovered(table);
  if (masked.length === 0 && locked.length === 0) return { mode: "unconfined" };
  return {
    mode: "paths",
    masked: maskedByDocker.filter((path) => masked.includes(path) || !exists(path)),
    readonly: readOnlyByDocker.filter((path) => locked.includes(path) || !exists(path)),
  };
}

interface Covered {
  readonly masked: readonly string[];
  readonly locked: readonly string[];
}

/** A table is the same from one reading to the next as long as no mount changes. */
const covered = new WeakMap<MountTable, Covered>();

function findCovered(table: MountTable): Covered {
  const found = {
    masked: maskedByDocker.filter((path) => isMasked(table.covering(path))),
    locked: readOnlyByDocker.filter((path) => isLocked(table.covering(path))),
  };
  covered.set(table, found);
  return found;
}

/** In something that is not the kernel's own file system: runc mounts an empty tmpfs or /dev/null there. */
function isMasked(entry: MountEntry | undefined): boolean {
  return entry?.type !== "proc" && entry?.type !== "sysfs";
}

function isLocked(entry: MountEntry | undefined): boolean {
  return entry === undefined || isReadOnly(entry) || isMasked(entry);
}

/** True for the mounts that protect: they expose nothing. */
export function isProtection(entry: MountEntry): boolean {
  const hides = entry.root === "/null" || (entry.type === "tmpfs" && isReadOnly(entry));
  // The runtime binds parts of the container's own /proc; a whole procfs below it is a second one.
  if (entry.target.startsWith("/proc/")) return hides || (entry.type === "proc" && entry.root !== "/");
  return hides && /^\/sys\/(?!fs\/cgroup(?:\/|$))/.test(entry.target);
}
