/** Milliseconds between two sweeps where no interval is said, at least and at most. */
export const shortestSweep = 5_000;
export const longestSweep = 60_000;

/** What a watch can see, and by what. */
export interface WatchSight {
  /** The kernel is this machine's. */
  readonly kernel: boolean;
  /** Files of limits are followed as they change. */
  readonly limits: boolean;
  /** The kernel reports calls as they happen; else why it does not, undefined where that was not asked for. */
  readonly calls: boolean | string | undefined;
  /** Milliseconds between two sweeps, where the user chose them. */
  readonly interval: number | undefined;
}

/** How soon a watch reports a change, in words: `Engine events within a second; the kernel every 5 to 60 s`. */
export function sayIntervals({ kernel, limits, calls, interval }: WatchSight): string {
  if (!kernel) return "Engine events within a second; nothing of the kernel, which is another machine's";
  const soon = [
    "Engine events",
    ...(limits ? ["written limits"] : []),
    ...(calls === true ? ["calls of the kernel"] : []),
  ];
  const rest = soon.length > 1 ? "the rest of the kernel" : "the kernel";
  const every =
    interval === undefined
      ? `${shortestSweep / 1000} to ${longestSweep / 1000} s, as often as 0.2 % of a CPU allows`
      : `${interval / 1000} s`;
  const why = typeof calls === "string" ? ` (no calls of the kernel: ${calls})` : "";
  return `${listed(soon)} within a second; ${rest} every ${every}${why}`;
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
