import type { KernelCall, KernelStart } from "./kernel-events.ts";

/** Calls between two reads from which on somebody is looked for who makes too many: 600 a second. */
const many = 150;
/** Calls of one container between two reads that are too many. */
const tooMany = 100;

/** A container that makes too many calls. */
export interface Loud {
  /** Tasks that live, from which its callers come: they go on. */
  readonly tasks: ReadonlySet<number>;
  readonly callers: ReadonlySet<number>;
}

/** Says which containers make so many calls that those of others would wait. */
export interface Noise {
  /** Takes what one read gave. Callers that have ended are known by who started them, where forks were asked for. */
  take(events: readonly (KernelCall | KernelStart)[]): ReadonlyMap<string, Loud>;
  /** Whether forks are to be told, too: they cost as much as the calls. */
  readonly wantsForks: boolean;
}

/** `ownerOf`: the container of a process; `gone` where the process has ended. */
export function openNoise(ownerOf: (pid: number) => { readonly id: string | undefined } | "gone"): Noise {
  let wantsForks = false;
  const parents = new Map<number, number>();

  /** The tasks that it comes from, the oldest first, and itself. */
  function line(task: number): readonly number[] {
    const found = new Set<number>();
    for (
      let each: number | undefined = task;
      each !== undefined && !found.has(each);
      each = parents.get(each)
    )
      found.add(each);
    return [...found].toReversed();
  }

  function count(calls: readonly KernelCall[]): ReadonlyMap<string, Loud> {
    const owners = new Map<number, string | undefined | "gone">();
    const lookUp = (task: number) => {
      const known = owners.get(task);
      if (known !== undefined || owners.has(task)) return known;
      const owner = ownerOf(task);
      const id = owner === "gone" ? owner : owner.id;
      owners.set(task, id);
      return id;
    };
    const tally = new Map<string, { count: number; tasks: Set<number>; callers: Set<number> }>();
    for (const { caller } of calls) {
      const root = line(caller).find((task) => lookUp(task) !== "gone");
      const id = root === undefined ? undefined : lookUp(root);
      if (root === undefined || id === undefined) continue;
      const own = tally.get(id) ?? { count: 0, tasks: new Set(), callers: new Set() };
      own.count += 1;
      own.tasks.add(root);
      own.callers.add(caller);
      tally.set(id, own);
    }
    return new Map([...tally].filter(([, own]) => own.count >= tooMany));
  }

  return {
    take(events) {
      const calls = events.filter((event) => "call" in event);
      if (calls.length < many) {
        wantsForks = false;
        parents.clear();
        return new Map();
      }
      for (const event of events)
        if ("start" in event && event.start === "fork") parents.set(event.child, event.caller);
      wantsForks = true;
      return count(calls);
    },
    get wantsForks() {
      return wantsForks;
    },
  };
}
