import { readFileSync, readlinkSync } from "node:fs";
import { statFields } from "../base/stat-fields.ts";

/**
 * Who made a container: `BOOT/PIDNAMESPACE/PID/STARTED`. A process is told from a later one of the same number by when it
 * started (proc(5), field 22 of stat), a machine by its boot id; both are only comparable in one pid namespace.
 */
export function ownLabel(): string {
  return [boot(), pidNamespace(), process.pid, started(process.pid) ?? "0"].join("/");
}

/**
 * Whether its maker is gone: undefined where that is not known here (another machine, another pid
 * namespace).
 */
export function isOrphan(label: string): boolean | undefined {
  const [machine, namespace, pid, since] = label.split("/");
  if (machine !== boot() || namespace !== pidNamespace() || machine === "") return undefined;
  return started(Number(pid)) !== since;
}

function boot(): string {
  return read("/proc/sys/kernel/random/boot_id") ?? "";
}

function pidNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "";
  } catch {
    return "";
  }
}

function started(pid: number): string | undefined {
  return statFields(read(`/proc/${pid}/stat`) ?? "")[22];
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
}
