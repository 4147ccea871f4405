import type { PathProtection } from "../model/container-values.ts";
import { isReadOnly, type MountEntry, mountAt } from "./mountinfo.ts";

/** What Docker has masked in some version of it (moby: oci/defaults.go). */
export const maskable: readonly string[] = [
  "/proc/acpi",
  "/proc/asound",
  "/proc/interrupts",
  "/proc/kcore",
  "/proc/keys",
  "/proc/latency_stats",
  "/proc/sched_debug",
  "/proc/scsi",
  "/proc/timer_list",
  "/proc/timer_stats",
  "/sys/devices/virtual/powercap",
  "/sys/firmware",
];

/** What Docker makes read-only (moby: oci/defaults.go). */
export const lockable: readonly string[] = [
  "/proc/bus",
  "/proc/fs",
  "/proc/irq",
  "/proc/sys",
  "/proc/sysrq-trigger",
];

/**
 * Which of Docker's protected kernel paths are really covered. `exists` says whether the kernel has a path:
 * one that it has not needs no cover and counts as protected. Nothing covered at all is `unconfined`.
 */
export function readPathProtection(
  entries: readonly MountEntry[],
  exists: (path: string) => boolean,
): PathProtection {
  const masked = maskable.filter((path) => isMasked(entries, path));
  const locked = lockable.filter((path) => isLocked(entries, path));
  if (masked.length === 0 && locked.length === 0) return { mode: "unconfined" };
  return {
    mode: "paths",
    masked: maskable.filter((path) => masked.includes(path) || !exists(path)),
    readonly: lockable.filter((path) => locked.includes(path) || !exists(path)),
  };
}

/** Covered by something that is not the kernel's own file system: runc takes an empty tmpfs or /dev/null. */
function isMasked(entries: readonly MountEntry[], path: string): boolean {
  const entry = mountAt(entries, path);
  return entry !== undefined && entry.type !== "proc" && entry.type !== "sysfs";
}

function isLocked(entries: readonly MountEntry[], path: string): boolean {
  const entry = mountAt(entries, path);
  return entry !== undefined && isReadOnly(entry);
}

/** True for the mounts that protect: they expose nothing. */
export function isProtection(entry: MountEntry): boolean {
  if (entry.target.startsWith("/proc/")) {
    return entry.type === "proc" || entry.root === "/null" || (entry.type === "tmpfs" && isReadOnly(entry));
  }
  return (
    (entry.target.startsWith("/sys/firmware") || entry.target.startsWith("/sys/devices/")) &&
    (entry.root === "/null" || (entry.type === "tmpfs" && isReadOnly(entry)))
  );
}
