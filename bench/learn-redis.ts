import { execFile } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { connectEngine } from "../src/engine/connect.ts";
import { observer } from "../src/learn/observe/observe.ts";
import { usageOf } from "../src/learn/observe/usage.ts";
import { startTrace } from "../src/learn/trace/trace.ts";
import { stateOf } from "../src/trial/state.ts";
import type { TestEngine } from "../test/engine/engine.ts";

const run = promisify(execFile);

/** Requests a second. */
interface Rate {
  /** Of the processor time of redis. */
  readonly byProcessor: number;
  readonly byClock: number;
}

/** What a busy redis answers: alone, while it is watched, and while the kernel is traced too. */
interface Measured {
  readonly alone: Rate;
  readonly watched: Rate;
  readonly traced: Rate;
  /** The share of a processor that watching and tracing take themselves. */
  readonly own: number;
}

const ways = ["alone", "watched", "traced"] as const;
const requests = 40_000;

/** Measures in turn, so that a noisy machine is noisy for all. Medians of the rounds; the first warms up. */
export async function measureRedis(engine: TestEngine, rounds: number): Promise<Measured> {
  const reader = await connectEngine({ host: engine.host, environment: process.env, home: "/nonexistent" });
  if (!reader.ok) throw new Error(reader.reason);
  const id = await engine.docker(["run", "-d", "--network", "none", "redis:8.0"]);
  for (let tries = 0; tries < 150; tries += 1) {
    if ((await engine.docker(["logs", id])).includes("Ready to accept")) break;
    await pause(200);
  }
  const inspect = await reader.value.get(`/containers/${id}/json`);
  if (!inspect.ok) throw new Error(inspect.reason);
  const state = stateOf(inspect.value);
  // From the host, in its namespaces: what docker exec runs would be traced as well.
  const load = async (count: number): Promise<number> => {
    const client = ["redis-benchmark", "-t", "get", "-n", String(count), "-c", "20", "--csv"];
    const { stdout } = await run("nsenter", ["-t", String(state.pid), "-m", "-n", ...client]);
    return Number(/^"GET","([\d.]+)"/m.exec(stdout)?.[1]);
  };
  const found = new Map(ways.map((way): [string, Rate[]] => [way, []]));
  const own: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    for (const way of ways) {
      const trace = way === "traced" ? startTrace() : undefined;
      if (trace && !trace.ok) throw new Error(trace.reason);
      const look = way === "alone" ? undefined : observer(reader.value, trace?.value);
      trace?.value.join("redis", state.pid);
      await look?.watch.up?.(new Map([["redis", state]]), "first");
      // What it costs until redis has shown its usual calls is not what it costs from then on.
      await load(requests / 8);
      const [before, begun, mine] = [usageOf(state).cpuSeconds ?? 0, performance.now(), process.cpuUsage()];
      const byClock = await load(requests);
      const seconds = (usageOf(state).cpuSeconds ?? 0) - before;
      const { user, system } = process.cpuUsage(mine);
      look?.stop();
      trace?.value.close();
      if (round === 0) continue;
      found.get(way)?.push({ byProcessor: requests / seconds, byClock });
      if (way === "traced") own.push((user + system) / 1000 / (performance.now() - begun));
    }
  }
  await engine.docker(["rm", "-f", id]);
  await reader.value.close();
  const rate = (way: (typeof ways)[number]): Rate => ({
    byProcessor: median((found.get(way) ?? []).map(({ byProcessor }) => byProcessor)),
    byClock: median((found.get(way) ?? []).map(({ byClock }) => byClock)),
  });
  return { alone: rate("alone"), watched: rate("watched"), traced: rate("traced"), own: median(own) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
