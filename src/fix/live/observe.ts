import { readFileSync } from "node:fs";
import { recordAt } from "../../base/json.ts";
import { sayBytes } from "../../controls/cgroups/amounts.ts";
import type { Limits } from "../limits.ts";

/** What a container was seen to use. */
export interface Use {
  /** Bytes. */
  readonly memory: number | undefined;
  readonly pids: number | undefined;
  /** CPUs over the last second; 0.5 is half of one. */
  readonly cpus: number | undefined;
  /** Whether memory and processes are the most that it ever used, or what it uses now. */
  readonly isPeak: boolean;
}

/** What `GET /containers/ID/stats?stream=false` says. */
export function useFromStats(stats: unknown): Use {
  const number = (...path: readonly string[]) => {
    const value = recordAt(stats, ...path.slice(0, -1))[path.at(-1) ?? ""];
    return typeof value === "number" && value > 0 ? value : undefined;
  };
  const usage = number("memory_stats", "usage");
  const cache = number("memory_stats", "stats", "inactive_file") ?? 0;
  const used = delta(
    number("cpu_stats", "cpu_usage", "total_usage"),
    number("precpu_stats", "cpu_usage", "total_usage"),
  );
  const whole = delta(number("cpu_stats", "system_cpu_usage"), number("precpu_stats", "system_cpu_usage"));
  return {
    memory: usage === undefined ? undefined : Math.max(usage - cache, 0),
    pids: number("pids_stats", "current"),
    cpus:
      used === undefined || !whole ? undefined : (used / whole) * (number("cpu_stats", "online_cpus") ?? 1),
    isPeak: false,
  };
}

function delta(now: number | undefined, before: number | undefined): number | undefined {
  return now === undefined || before === undefined ? undefined : now - before;
}

/** The peaks that cgroup v2 keeps (memory.peak since Linux 5.19, pids.peak since 6.1), for a process of this machine. */
export function withPeaks(use: Use, pid: number, { proc, cgroup }: { proc: string; cgroup: string }): Use {
  try {
    const path = /^0::(.+)$/m.exec(readFileSync(`${proc}/${pid}/cgroup`, "utf8"))?.[1];
    if (path === undefined) return use;
    const peak = (name: string) => Number(readFileSync(`${cgroup}${path}/${name}`, "utf8"));
    const memory = peak("memory.peak");
    const pids = peak("pids.peak");
    return memory > 0 && pids > 0 ? { ...use, memory, pids, isPeak: true } : use;
  } catch {
    return use;
  }
}

const mebibyte = 1024 ** 2;

/** Limits of twice what was used, and no less than a small server takes. */
export function limitsFrom({ memory, pids, cpus, isPeak }: Use, hostCpus: number | undefined): Limits {
  const what = (amount: string) => `its observed use (${isPeak ? "at most" : "now"} ${amount})`;
  const cap = cpus === undefined ? undefined : Math.max(0.5, Math.ceil(cpus * 4) / 2);
  return {
    ...(memory !== undefined && {
      memory: {
        value: Math.max(32 * mebibyte, Math.ceil((2 * memory) / (16 * mebibyte)) * 16 * mebibyte),
        source: what(sayBytes(Math.ceil(memory / mebibyte) * mebibyte)),
      },
    }),
    ...(pids !== undefined && {
      pids: { value: Math.max(64, 2 * pids), source: what(String(pids)) },
    }),
    ...(cpus !== undefined &&
      cap !== undefined &&
      (hostCpus === undefined || cap < hostCpus) && {
        cpus: {
          value: cap,
          source: `its observed use (${cpus.toFixed(2)} CPU in the last second)`,
        },
      }),
  };
}
