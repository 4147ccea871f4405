import { spawnSync } from "node:child_process";

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
  /** Mebibytes of the largest run; undefined where it was not measured. */
  readonly rss: number | undefined;
}

/**
 * Runs the commands in turn, `rounds` times each, so that a noisy machine is noisy for all of them, and gives each
 * one's wall-clock times as whole processes. The first round warms caches and does not count.
 */
export function measure(commands: readonly Command[], rounds: number): readonly Timing[] {
  const times = commands.map((): number[] => []);
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, command] of commands.entries()) {
      const took = once(command);
      if (round > 0) times[index]?.push(took);
    }
  }
  return commands.map(({ name }, index) => {
    const sorted = (times[index] ?? []).toSorted((a, b) => a - b);
    return { name, min: sorted[0] ?? 0, median: sorted[Math.floor(sorted.length / 2)] ?? 0, rss: undefined };
  });
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

/** A line of figures: each beside its ratio to the first. */
export function show(title: string, timings: readonly Timing[], bound?: string): void {
  const base = timings[0];
  console.log(`\n${title}${bound ? `   (${bound})` : ""}`);
  for (const { name, min, median } of timings) {
    const ratio = base && base.median > 0 ? (median / base.median).toFixed(2) : "–";
    console.log(
      `  ${name.padEnd(44)} min ${min.toFixed(0).padStart(6)} ms   median ${median.toFixed(0).padStart(6)} ms   × ${ratio}`,
    );
  }
}
