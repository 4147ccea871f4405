import { setImmediate } from "node:timers/promises";
import { isRecord, itemsOf, textAt, textsOf } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import type { LiveContainer } from "../../engine/read/live-reading.ts";
import { bySweep, type Cause } from "../change.ts";
import type { WatchSession } from "../session.ts";
import { longestSweep, shortestSweep } from "./intervals.ts";
import { look } from "./look.ts";
import { add } from "./pending.ts";

/** Milliseconds of the processor that this process took so far: a busy machine blurs it less than a clock. */
export function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/**
 * Looks for what no event tells: at the kernel of all that runs, at the Engine's sockets and configuration on this machine, and
 * at the Engine's list for an event that was lost all the same. While the Engine does not answer, it looks at what ran last.
 * Gives the milliseconds of CPU time that it took.
 */
export async function sweep(
  session: WatchSession,
  from: EngineClient | undefined,
  request: { readonly foreign: boolean },
): Promise<number> {
  const { inventory, publisher, pending, listener, work } = session;
  const started = performance.now();
  const used = processorTime();
  const running = inventory.list().flatMap(({ id, pid }) => (pid === undefined ? [] : [id]));
  inventory.forgetArrivals();
  const { changed, ended, seen } = look(session, running, () => bySweep, 0);
  if (changed.length > 0) {
    // The event of a written limit was there before its value could be read: it is handled now, and has a look of its own.
    await setImmediate();
    publisher.containers(
      changed.filter((id) => !session.written.has(id)),
      () => bySweep,
    );
  }
  if (request.foreign) lookAtForeign(session, bySweep);
  if (inventory.lookAtEngine()) publisher.engine(bySweep);
  // Its first process is not what it was: it restarted, and no event told.
  for (const id of ended) add(pending.containers, id, bySweep);
  // Nothing was looked at where neither the Engine nor the kernel is in sight.
  if (from || seen) listener.scanned("sweep", (performance.now() - started) / 1000);
  const cpu = processorTime() - used + session.list.cpu;
  // Behind the look: a busy Engine takes many seconds to answer, and the kernel is not to wait for it.
  if (from && !work.isBusy("list")) work.begin("list", () => compareList(session, from));
  return cpu;
}

/** Judges the containers on this machine that the Engine does not know, and says when one comes. */
export function lookAtForeign(
  { inventory, publisher, listener }: WatchSession,
  cause: Cause,
  isFirst = false,
): void {
  const before = new Set(inventory.foreign.map(({ id }) => id));
  const { changed, gone } = inventory.lookAtForeign(isFirst);
  for (const { id, name } of changed) {
    if (!before.has(id))
      listener.say(`the container ${name} runs on this machine, and the Engine does not know it`);
  }
  if (changed.length > 0 || gone.length > 0) publisher.foreign(changed, gone, cause);
}

/** Milliseconds that an event may come later than what the Engine lists. */
const eventDelay = 500;

async function compareList(
  { inventory, pending, work, reconnect, told, list, listener }: WatchSession,
  from: EngineClient,
): Promise<void> {
  told.before = told.since;
  told.since = new Set();
  const used = processorTime();
  const differing = await listedContainers(from, () => inventory.list());
  list.cpu = processorTime() - used;
  if (differing === undefined) reconnect();
  const isTold = (id: string) => told.since.has(id) || told.before.has(id);
  for (const id of differing ?? []) {
    if (work.isBusy(id)) continue;
    add(pending.containers, id, bySweep);
    if (isTold(id)) continue;
    work.after(eventDelay, () => {
      if (!isTold(id)) listener.eventLost?.();
    });
  }
}

/**
 * The ids of containers of which the Engine's list says something else than is known: new, gone, renamed, started, stopped.
 * Undefined where the Engine does not answer. `known` is asked for when the list has come.
 */
async function listedContainers(
  client: EngineClient,
  known: () => readonly LiveContainer[],
): Promise<readonly string[] | undefined> {
  const answer = await client.get("/containers/json?all=1");
  if (!answer.ok) return answer.kind === "lost" ? undefined : [];
  const left = new Map(known().map((each) => [each.id, each]));
  const differing = itemsOf(answer.value).flatMap((item) => {
    const id = textAt(item, "Id");
    if (id === undefined) return [];
    const before = left.get(id);
    left.delete(id);
    const names = textsOf(isRecord(item) ? item.Names : undefined).map((name) => name.replace(/^\//, ""));
    const runs = ["running", "paused", "restarting"].includes(textAt(item, "State") ?? "");
    // A container that restarts is running to inspect, too; between two attempts it has no process, and that is read again.
    const isSame = before !== undefined && names.includes(before.name) && before.running === runs;
    return isSame ? [] : [id];
  });
  return [...differing, ...left.keys()];
}

/** How often the kernel is swept. */
export interface Pacing {
  /** Milliseconds; undefined: as often as a small share of one CPU allows. */
  readonly interval: number | undefined;
  /** 0 to 1; a random number, so that a hundred hosts do not sweep at once. */
  readonly random: () => number;
}

/** The share of one CPU that sweeps may take where no interval is said. */
const share = 0.002;

/** Milliseconds until the next sweep, after one that took `cpu` milliseconds of CPU time; a tenth more or less by chance. */
export function pause({ interval, random }: Pacing, cpu: number): number {
  const usual = interval ?? Math.min(longestSweep, Math.max(shortestSweep, cpu / share));
  return usual * (0.9 + random() / 5);
}

/** Processor time that some kind of work may take: a share of one CPU in the long run, and what was saved up at once. */
interface Allowance {
  /** Whether there is any left now. */
  isLeft(): boolean;
  /** Whether more than half of what can be saved up is spent. */
  isScarce(): boolean;
  /** Runs it, however long it takes: what it takes too much is waited for. */
  spend(run: () => void): void;
  /** What is spent beyond it, and what the work that runs has taken so far, is forgotten: then there is some left. */
  forgive(): void;
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
  let since = 0;
  function left(): number {
    const at = now();
    saved = Math.min(most, saved + (at - savedAt) * share);
    savedAt = at;
    return saved;
  }
  return {
    isLeft: () => left() > 0,
    isScarce: () => left() < most / 2,
    spend(run) {
      since = used();
      run();
      saved -= used() - since;
    },
    forgive() {
      since = used();
      saved = Math.max(saved, 1);
    },
  };
}
