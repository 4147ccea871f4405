import { setTimeout as pause } from "node:timers/promises";
import { onTestFinished } from "vitest";
import type { Finding } from "../../src/audit/finding.ts";
import { controls } from "../../src/controls/registry.ts";
import type { EngineEvent } from "../../src/engine/event.ts";
import type { Change } from "../../src/watch/change.ts";
import type { WatchListener } from "../../src/watch/listener.ts";
import { startWatch, type Watch } from "../../src/watch/watch.ts";
import { slowness } from "../support/slowness.ts";
import type { TestEngine } from "./engine.ts";

export interface Watching {
  readonly watch: Watch;
  readonly changes: readonly Change[];
  readonly events: readonly EngineEvent[];
  readonly said: readonly string[];
  /** The first change that is so, from the `from`-th on; waits for it, generously. */
  change(is: (change: Change) => boolean, from?: number): Promise<Change>;
  /** How many calls the kernel told of. */
  kernelEvents(): number;
  /** How many sweeps were made, and how many of them began late. */
  sweeps(): number;
  sweepsLate(): number;
  eventsLost(): number;
}

export interface WatchingOptions {
  /** Milliseconds between sweeps. An hour where a test is to see that an event is enough. */
  readonly interval?: number;
  readonly cooldown?: number;
  readonly kernelEvents?: boolean;
  /** Other Engines of other tests come and go on the same machine. */
  readonly foreign?: boolean;
  /** What an earlier watch left open. */
  readonly remembered?: readonly Finding[];
  /** The audit logs of guards. */
  readonly guardLogs?: readonly string[];
  /** Who is told beside the test. */
  readonly listener?: Pick<WatchListener, "changes" | "event">;
}

/** Watches a test Engine within the test's process until the test ends, and waits until all was read once. */
export async function watching(
  engine: Pick<TestEngine, "host">,
  {
    interval = 3_600_000,
    cooldown = 500,
    kernelEvents = false,
    foreign = false,
    guardLogs = [],
    remembered = [],
    listener,
  }: WatchingOptions = {},
): Promise<Watching> {
  const changes: Change[] = [];
  const events: EngineEvent[] = [];
  const said: string[] = [];
  let isReady = false;
  let sweeps = 0;
  let kernelCalls = 0;
  let late = 0;
  let lost = 0;
  const watch = startWatch(
    {
      connect: { host: engine.host, environment: {}, home: "/nonexistent" },
      places: { proc: "/proc", cgroup: "/sys/fs/cgroup" },
      rules: () => ({ controls, ignores: [], severities: {}, today: "2026-01-01", spell: () => null }),
      minimum: "info",
      pacing: { interval, random: () => 0.5 },
      cooldown,
      kernelEvents,
      foreign,
      guardLogs,
      remembered,
    },
    {
      changes(some) {
        changes.push(...some);
        listener?.changes(some);
      },
      ready: () => {
        isReady = true;
      },
      lost: (reason) => said.push(reason),
      say: (text) => said.push(text),
      event(event) {
        events.push(event);
        listener?.event(event);
      },
      kernelEvents(told) {
        kernelCalls += told;
      },
      eventLost() {
        lost += 1;
      },
      sweepLate() {
        late += 1;
      },
      scanned: (what) => {
        if (what === "sweep") sweeps += 1;
      },
    },
  );
  onTestFinished(() => watch.close());
  await until(
    () => isReady,
    () => `it never was ready: ${said.join("; ")}`,
  );
  return {
    watch,
    changes,
    events,
    said,
    kernelEvents: () => kernelCalls,
    sweeps: () => sweeps,
    sweepsLate: () => late,
    eventsLost: () => lost,
    async change(is, from = 0) {
      const find = () => changes.slice(from).find(is);
      await until(
        () => find() !== undefined,
        () => `no such change among:\n${changes.slice(from).map(sayChange).join("\n")}\n${said.join("\n")}`,
      );
      const found = find();
      if (!found) throw new Error("it was there");
      return found;
    },
  };
}

/** Waits until it holds, for half a minute at most. */
export async function until(
  holds: () => boolean,
  why: () => string = () => "it does not come",
): Promise<void> {
  const deadline = Date.now() + 30_000 * slowness;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(why());
    await pause(20);
  }
}

/** `opened privileged-exec effective container:web sweep`. */
export function sayChange({ change, finding, cause }: Change): string {
  const by = cause.kind === "event" ? cause.action : cause.kind;
  return `${change} ${finding.control} ${finding.level} ${finding.subject} ${by}`;
}
