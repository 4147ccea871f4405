import { processorTime } from "../../base/processor-time.ts";

/** How often the kernel is swept. */
export interface Pacing {
  /** Milliseconds; undefined: as often as a small share of one CPU allows. */
  readonly interval: number | undefined;
  /** 0 to 1; a random number, so that a hundred hosts do not sweep at once. */
  readonly random: () => number;
}

/** The share of one CPU that sweeps may take where no interval is said. */
const share = 0.002;

const shortest = 5_000;
const longest = 60_000;

/** Milliseconds until the next sweep, after one that took `cpu` milliseconds of CPU time; a tenth more or less by chance. */
export function pause({ interval, random }: Pacing, cpu: number): number {
  const usual = interval ?? Math.min(longest, Math.max(shortest, cpu / share));
  return usual * (0.9 + random() / 5);
}

/** Processor time that some kind of work may take: a share of one CPU in the long run, and what was saved up at once. */
export interface Allowance {
  /** Whether there is any left now. */
  isLeft(): boolean;
  /** Runs it, however long it takes: what it takes too much is waited for. */
  spend(run: () => void): void;
}

interface Clocks {
  /** Milliseconds of a clock that never jumps. */
  readonly now: () => number;
  /** Milliseconds of processor time that this process used. */
  readonly used: () => number;
}

const ofThisProcess: Clocks = {
  now: () => performance.now(),
  used: processorTime,
};

/** `share` of one CPU, 0 to 1; `most` milliseconds that may be saved up, and are there at the start. */
export function openAllowance(
  { share, most }: { readonly share: number; readonly most: number },
  { now, used }: Clocks = ofThisProcess,
): Allowance {
  let saved = most;
  let savedAt = now();
  return {
    isLeft() {
      const at = now();
      saved = Math.min(most, saved + (at - savedAt) * share);
      savedAt = at;
      return saved > 0;
    },
    spend(run) {
      const before = used();
      run();
      saved -= used() - before;
    },
  };
}
