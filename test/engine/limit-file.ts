import { readFileSync } from "node:fs";

/** The file of a process's limit, in either cgroup layout. */
export function limitFile(pid: number, controller: string, v1: string, v2: string): string {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").trim().split("\n");
  const old = lines.find((line) => line.split(":")[1]?.split(",").includes(controller));
  if (old) return `/sys/fs/cgroup/${controller}${old.split(":").slice(2).join(":")}/${v1}`;
  const unified = lines.find((line) => line.startsWith("0::"))?.slice(3) ?? "";
  return `/sys/fs/cgroup${unified}/${v2}`;
}
