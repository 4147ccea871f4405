import { readdirSync, readFileSync } from "node:fs";
import { statFields } from "../base/stat-fields.ts";

const engines = ["dockerd", "containerd", "containerd-shim", "runc"];

/** Every thread of the Engine's processes: each of them may start a container, or a process in one. */
export function engineTasks(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && engines.includes(commOf(name)))
    .flatMap(threadsOf);
}

/**
 * The same for one Engine: its dockerd, the containerd that it started or that the service manager did, and the shims of containers
 * whose first processes these are. Whatever else runs containers on this machine is left out.
 */
export function tasksOfEngine(dockerd: number, firsts: readonly number[]): readonly number[] {
  const containerds = readdirSync("/proc").filter(
    (name) => /^\d+$/.test(name) && commOf(name) === "containerd" && [1, dockerd].includes(parentOf(name)),
  );
  const shims = new Set(firsts.flatMap((pid) => shimOf(pid) ?? []));
  return [dockerd, ...containerds, ...shims].flatMap(threadsOf);
}

/** The name of a process; "" where it has ended. */
function commOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

/** The threads of a process, as the kernel numbers its tasks; none where it has ended. */
export function threadsOf(pid: number | string): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    return [];
  }
}

/** Each container has a shim, which has started its first process and what docker exec runs in it. */
export function shimOf(pid: number): number | undefined {
  const parent = parentOf(pid);
  return commOf(parent).startsWith("containerd-shim") ? parent : undefined;
}

/** 0 where it has ended. */
function parentOf(pid: number | string): number {
  try {
    return Number(statFields(readFileSync(`/proc/${pid}/stat`, "utf8"))[4]);
  } catch {
    return 0;
  }
}
