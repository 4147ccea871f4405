import { readdirSync, readFileSync } from "node:fs";

const engines = ["dockerd", "containerd", "containerd-shim", "runc"];

/** Every thread of the Engine's processes: each of them may start a container, or a process in one. */
export function engineTasks(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && engines.includes(commOf(name)))
    .flatMap(threadsOf);
}

/** The name of a process; "" where it has ended. */
export function commOf(pid: number | string): string {
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
