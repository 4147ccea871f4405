import { readFileSync } from "node:fs";

/** Whether a process of this machine is the container's, by its cgroup: an Engine elsewhere has the number for another process. */
export function isProcessOf(id: string, pid: unknown): boolean {
  if (typeof pid !== "number" || pid <= 0 || id === "") return false;
  try {
    return readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(id);
  } catch {
    return false;
  }
}
