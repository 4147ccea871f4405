import { readFileSync } from "node:fs";
import { recordAt, textAt } from "../../base/json.ts";
import { sayBytes } from "../../controls/cgroups/amounts.ts";
import { spellDuration } from "../../formats/values/duration.ts";
import { writeBytes } from "../../formats/values/spell.ts";
import type { Limits } from "../plan/limits.ts";

/** The most that a container used since it was started, as the kernel kept it. */
export interface Peaks {
  /** Bytes, page cache included. */
  readonly memory: number | undefined;
  /** Processes and threads. */
  readonly pids: number | undefined;
  /** Milliseconds since it was started. */
  readonly age: number;
}

/**
 * The peaks in what `GET /containers/ID/stats?stream=false` says: on cgroup v1 the memory's (memory.max_usage_in_bytes). What a
 * container uses at one moment says nothing of what it needs, so that is not read.
 */
export function peaksFromStats(stats: unknown, inspect: unknown, now: number): Peaks {
  const most = recordAt(stats, "memory_stats").max_usage;
  const started = Date.parse(textAt(inspect, "State", "StartedAt") ?? "");
  return {
    memory: typeof most === "number" && most > 0 ? most : undefined,
    pids: undefined,
    age: Number.isNaN(started) ? 0 : Math.max(0, now - started),
  };
}

/** The peaks that cgroup v2 keeps (memory.peak since Linux 5.19, pids.peak since 6.1), for a process of this machine. */
export function withKernelPeaks(
  peaks: Peaks,
  pid: number,
  { proc, cgroup }: { readonly proc: string; readonly cgroup: string },
): Peaks {
  const path = /^0::(.+)$/m.exec(textOf(`${proc}/${pid}/cgroup`))?.[1];
  if (path === undefined) return peaks;
  const peak = (name: string) => Number(textOf(`${cgroup}${path}/${name}`)) || undefined;
  return { ...peaks, memory: peak("memory.peak") ?? peaks.memory, pids: peak("pids.peak") ?? peaks.pids };
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const mebibyte = 1024 ** 2;

/** Milliseconds. A start and a few requests are not what a workload does in a day. */
const longEnough = 3_600_000;

/**
 * Limits of twice the peak, and no less than a small server takes. A peak of less than an hour is only told. No kernel keeps a
 * peak of the CPU, so that is for somebody to say.
 */
export function limitsFrom({ memory, pids, age }: Peaks): Limits {
  const since = `since it started ${spellDuration(age)} ago`;
  const isSoon = age < longEnough;
  const limit = (value: number, amount: string, flag: string) => ({
    value,
    source: `twice its peak (${amount} ${since})`,
    ...(isSoon && {
      onlyTold: `Its peak is ${amount}, but it started only ${spellDuration(age)} ago: if you know that it needs no more, set twice that with ${flag}.`,
    }),
  });
  const memoryLimit = Math.max(
    64 * mebibyte,
    Math.ceil((2 * (memory ?? 0)) / (16 * mebibyte)) * 16 * mebibyte,
  );
  const pidsLimit = Math.max(64, 2 * (pids ?? 0));
  return {
    ...(memory !== undefined && {
      memory: limit(
        memoryLimit,
        sayBytes(Math.ceil(memory / mebibyte) * mebibyte),
        `--memory ${writeBytes(memoryLimit)}`,
      ),
    }),
    // Too few processes break a workload, and the default stops a fork bomb as well.
    ...(pids !== undefined && !isSoon && { pids: limit(pidsLimit, String(pids), "") }),
  };
}
