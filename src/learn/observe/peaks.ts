import { type DiskPeak, type DiskWatch, watchDisks } from "./disks.ts";
import { type DiskUsage, type Usage, usageOf } from "./usage.ts";

/** The most that a container used while it was watched. */
export interface Peaks {
  /** Bytes, without page cache that could be reclaimed. */
  readonly memory: number | undefined;
  /** Processes and threads. */
  readonly pids: number | undefined;
  /** CPUs over one sample; 0.5 is half of one. */
  readonly cpus: number | undefined;
  /** Empty where it used none, or where the kernel does not say. */
  readonly disks: readonly DiskPeak[];
}

export interface PeakWatch {
  readonly sample: (pid: number) => void;
  readonly peaks: () => Peaks;
}

/** Shorter samples of the CPU's time and of the disks say more of the clock than of the load. Milliseconds. */
const shortest = 200;

/** Keeps the peaks of what is sampled. The kernel's own peaks count where it keeps them. */
export function watchPeaks(
  read: (pid: number) => Usage = usageOf,
  now: () => number = Date.now,
  disks: DiskWatch = watchDisks(),
): PeakWatch {
  let memory: number | undefined;
  let pids: number | undefined;
  let cpus: number | undefined;
  let last: { readonly pid: number; readonly at: number; readonly seconds: number } | undefined;
  let lastDisks:
    | { readonly pid: number; readonly at: number; readonly used: readonly DiskUsage[] }
    | undefined;
  const sampleDisks = (pid: number, at: number, used: readonly DiskUsage[]) => {
    const before = lastDisks?.pid === pid ? lastDisks : undefined;
    if (before && at - before.at < shortest) return;
    disks.sample({ now: used, before: before?.used, seconds: before ? (at - before.at) / 1000 : 0 });
    lastDisks = { pid, at, used };
  };
  return {
    sample(pid) {
      const usage = read(pid);
      const at = now();
      memory = most(memory, usage.memory);
      pids = most(pids, usage.pidsPeak ?? usage.pids);
      if (usage.disks) sampleDisks(pid, at, usage.disks);
      if (usage.cpuSeconds === undefined) return;
      if (last?.pid !== pid) last = { pid, at, seconds: usage.cpuSeconds };
      if (at - last.at < shortest) return;
      cpus = most(cpus, Math.max(0, usage.cpuSeconds - last.seconds) / ((at - last.at) / 1000));
      last = { pid, at, seconds: usage.cpuSeconds };
    },
    peaks: () => ({ memory, pids, cpus, disks: disks.peaks() }),
  };
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
