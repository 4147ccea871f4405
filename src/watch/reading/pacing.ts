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
