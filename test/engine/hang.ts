import { readdirSync, readFileSync } from "node:fs";
import { expect } from "vitest";

/** Stops dockerd until SIGCONT. Its threads stop one after the other, and one that still runs would answer once more. */
export async function hang({ pid }: { readonly pid: number }): Promise<void> {
  process.kill(pid, "SIGSTOP");
  await expect
    .poll(() => new Set(threadStates(pid)), { interval: 10, timeout: 30_000 })
    .toEqual(new Set(["T"]));
}

/** The state of each thread: proc(5), /proc/PID/stat. */
function threadStates(pid: number): readonly string[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).map((thread) => {
    const stat = readFileSync(`${folder}/${thread}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2)[0] ?? "";
  });
}
