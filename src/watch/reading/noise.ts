import type { KernelCall, KernelCalls, KernelStart } from "./kernel-events.ts";

/**
 * Calls in a second from which on somebody is looked for who makes too many; those of one container that are, if it goes on; and
 * those that no start makes.
 */
const limits = { many: 600, tooMany: 400, beyondDoubt: 4_000 };
/** Where the time for comparisons is nearly spent, a quarter of these is too much. */
const whereScarce = 0.25;
/** Milliseconds that are looked at, at least: a start makes many calls in a moment. */
const least = 250;
/** Tasks whose container is remembered. Beyond it all are forgotten; the next forks bring them back. */
const mostKnown = 20_000;

/** A container that makes too many calls. */
export interface Loud {
  readonly count: number;
  /** Tasks from which its callers come: those that live go on. */
  readonly tasks: ReadonlySet<number>;
  readonly callers: ReadonlySet<number>;
}

/** Says which containers make so many calls that those of others would wait. */
export interface Noise {
  /** Takes the events since the last time. Callers that have ended are known by their parents, if forks were asked for. */
  take(
    told: KernelCalls & {
      /** The time for comparisons is nearly spent: others wait already. */
      readonly isScarce: boolean;
    },
  ): ReadonlyMap<string, Loud>;
  /** Whether the kernel should report forks, too: they cost as much as the calls. */
  readonly wantsForks: boolean;
  /** These are heard again after they were too loud: if they still are, no second read is waited for. */
  expect(ids: Iterable<string>): void;
}

/** The container that a task came from (undefined: none), and the oldest task of that line that was seen. */
interface From {
  readonly id: string | undefined;
  readonly root: number;
}

/** `ownerOf`: the container of a process; `gone` where the process has ended. */
export function openNoise(ownerOf: (pid: number) => { readonly id: string | undefined } | "gone"): Noise {
  let wantsForks = false;
  const known = new Map<number, From>();
  /** Those that were loud last time: a start makes many calls in a moment. */
  let before: ReadonlySet<string> = new Set();

  /** Who lives is asked; who has ended comes from where its parent did. */
  function finder(): (task: number) => From | undefined {
    const asked = new Map<number, From | undefined>();
    return (task) => {
      if (asked.has(task)) return asked.get(task);
      const owner = ownerOf(task);
      const from = owner === "gone" ? known.get(task) : { id: owner.id, root: task };
      asked.set(task, from);
      return from;
    };
  }

  function loudIn(events: readonly (KernelCall | KernelStart)[], tooMany: number): Map<string, Loud> {
    const of = finder();
    const tally = new Map<string, { count: number; tasks: Set<number>; callers: Set<number> }>();
    for (const event of events) {
      if ("start" in event) {
        if (event.start !== "fork") continue;
        const from = of(event.caller);
        if (from) known.set(event.child, from);
        else known.delete(event.child);
        continue;
      }
      const from = of(event.caller);
      if (from?.id === undefined) continue;
      const own = tally.get(from.id) ?? { count: 0, tasks: new Set(), callers: new Set() };
      own.count += 1;
      own.tasks.add(from.root);
      own.callers.add(event.caller);
      tally.set(from.id, own);
    }
    return new Map([...tally].filter(([, own]) => own.count >= tooMany));
  }

  return {
    take({ calls, lost, span, isScarce }) {
      const seconds = (Math.max(least, span) / 1_000) * (isScarce ? whereScarce : 1);
      // A fork may be among the dropped events: then a PID that is used again would have a wrong parent.
      if (lost > 0 || known.size > mostKnown) known.clear();
      if (calls.filter((event) => "call" in event).length < limits.many * seconds) {
        wantsForks = false;
        known.clear();
        before = new Set();
        return new Map();
      }
      wantsForks = true;
      const loud = loudIn(calls, limits.tooMany * seconds);
      const again = new Map(
        [...loud].filter(([id, { count }]) => before.has(id) || count >= limits.beyondDoubt * seconds),
      );
      before = new Set(loud.keys());
      return again;
    },
    get wantsForks() {
      return wantsForks;
    },
    expect(ids) {
      wantsForks = true;
      before = new Set(ids);
    },
  };
}
