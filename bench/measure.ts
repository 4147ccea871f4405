import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

export interface Command {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Exit statuses that are fine; 0 alone where it is not said. */
  readonly allow?: readonly number[];
}

export interface Timing {
  readonly name: string;
  /** Milliseconds. */
  readonly min: number;
  readonly median: number;
  /** Milliseconds of the processor, the mean of a run: what a busy machine blurs least. Linux alone tells. */
  readonly processor: number | undefined;
}

/**
 * Runs the commands in turn, `rounds` times each, so that a noisy machine is noisy for all of them, and gives each
 * one's wall-clock times as whole processes. The first round warms caches and does not count.
 */
export function measure(commands: readonly Command[], rounds: number): readonly Timing[] {
  const times = commands.map((): number[] => []);
  const used = commands.map(() => 0);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, command] of commands.entries()) {
      const before = processorOfChildren();
      const took = once(command);
      if (round === 0) continue;
      times[index]?.push(took);
      used[index] = (used[index] ?? 0) + processorOfChildren() - before;
    }
  }
  return commands.map(({ name }, index) => {
    const sorted = (times[index] ?? []).toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
    const processor = (used[index] ?? 0) / rounds || undefined;
    return { name, min: sorted[0] ?? 0, median, processor };
  });
}

/** Of all children that have ended; in steps of 10 ms (proc_pid_stat(5): cutime, cstime, at 100 ticks a second). */
function processorOfChildren(): number {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8").split(") ").at(-1)?.split(" ") ?? [];
    return (Number(fields[13]) + Number(fields[14])) * 10;
  } catch {
    return 0;
  }
}

function once({ name, argv, env, allow = [0] }: Command): number {
  const [program, ...rest] = argv;
  const start = process.hrtime.bigint();
  const run = spawnSync(program, rest, {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, ...env },
    maxBuffer: 64 * 1024 * 1024,
  });
  const took = Number(process.hrtime.bigint() - start) / 1e6;
  if (run.status === null || !allow.includes(run.status)) {
    throw new Error(`${name} ended with ${run.status ?? run.signal}: ${run.stderr}`);
  }
  return took;
}

/** A line of figures: each beside its ratios to the first. */
export function show(title: string, timings: readonly Timing[], bound?: string): void {
  const base = timings[0];
  console.log(`\n${title}${bound ? `   (${bound})` : ""}`);
  for (const { name, min, median, processor } of timings) {
    const figures = [
      `min ${milliseconds(min)}`,
      `median ${milliseconds(median)}   × ${ratioOf(median, base?.median)}`,
      `processor ${milliseconds(processor)}   × ${ratioOf(processor, base?.processor)}`,
    ];
    console.log(`  ${name.padEnd(36)} ${figures.join("   ")}`);
  }
}

function milliseconds(value: number | undefined): string {
  return `${(value?.toFixed(0) ?? "–").padStart(5)} ms`;
}

function ratioOf(value: number | undefined, base: number | undefined): string {
  return value !== undefined && base ? (value / base).toFixed(2) : "–";
}
