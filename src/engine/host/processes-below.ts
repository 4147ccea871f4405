import { readdirSync, readFileSync } from "node:fs";

/** A process and what it started, as a container's first one. */
export function processesOf(pid: number): readonly number[] {
  const own = [pid];
  try {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const children = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim();
      for (const child of children.split(/\s+/).filter(Boolean)) own.push(...processesOf(Number(child)));
    }
  } catch {
    // It ended in the meantime.
  }
  return own;
}
