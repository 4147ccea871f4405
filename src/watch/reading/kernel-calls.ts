import { existsSync } from "node:fs";
import { tasksOfEngine, threadsOf } from "../../engine/engine-tasks.ts";
import { bySweep, bySweepAfterLoss, type Cause } from "../change.ts";
import type { WatchSession } from "../session.ts";
import { causeOfCall } from "./caller.ts";
import {
  type KernelCall,
  type KernelCalls,
  type KernelEvents,
  type KernelStart,
  mountingCalls,
} from "./kernel-events.ts";
import { lookAt } from "./look.ts";
import { type Loud, openNoise } from "./noise.ts";
import { add } from "./pending.ts";
import { openAllowance } from "./sweep.ts";

/** Milliseconds between two reads of what the kernel tells: to wake up ten times a second would take 0.4 % of a CPU. */
const every = 250;

/** Milliseconds until a container is looked at once more: a caller of setns(2) starts its program a moment later. */
const settling = 300;

/** Milliseconds until the kernel alone is believed of a process that the Engine may have started and does not tell of. */
const unanswered = 1_500;

/** What looks after calls may take. What comes faster waits, and is looked at together. */
const forLooks = { share: 0.01, most: 2_000 };

/** What reading and comparing rights may take. Meanwhile the kernel keeps some thousand events, and counts those that it drops. */
const forRights = { share: 0.003, most: 50 };

/** Processes whose rights wait to be compared. Beyond it, all containers are looked at instead. */
const mostWaiting = 2_000;

/** Milliseconds for which a container that makes too many calls is left out of them, and between two looks at it meanwhile. */
const quiet = 60_000;
const betweenLooks = 3_000;

/** How often that is tried in this time: a program that starts another one and ends may slip through. */
const mostMutes = 4;

/** Milliseconds between two looks whether somebody else changed the trace. */
const restoring = 5_000;

/** Processes that are compared before the CPU's clock is asked: to ask costs about as much as to compare one. */
const atOnce = 32;

export interface KernelFollower {
  /** Follows the Engine's processes and those of all known containers. What they start later is followed by the kernel. */
  follow(): void;
  stop(): void;
}

/**
 * Looks at a container as soon as the kernel tells of a call that may have changed it, by the namespaces of the caller. A call
 * whose caller has ended may have changed any container, and nobody is named: after a mount those are looked at whose mounts are
 * others now, after any other call all.
 */
export function followKernelCalls(session: WatchSession, events: KernelEvents): KernelFollower {
  const { inventory, listener, work, pending } = session;
  const touched = new Map<string, Cause>();
  /** Containers that are to be looked at once more. */
  const unsettled = new Set<string>();
  /** Processes that may hold other rights since a call, by their numbers. */
  const waiting = new Map<number, KernelCall>();
  let all = false;
  /** Calls since the last look whose callers have ended. */
  let ended: KernelCall[] = [];
  /** Somebody mounted, and it cannot be told any more in which container. */
  let mounted = false;
  /** More was told than could be kept: all are looked at, as if their rights were compared. */
  let tooMany = false;
  /** Calls were missed since the last look. */
  let missed = false;
  const lineage = openLineage();
  const noise = openNoise((pid) => inventory.ownerOf(pid));
  /** Containers that the kernel leaves out, since they make too many calls, and how often it was told to. */
  const muted = new Map<string, number>();
  let canMute = true;
  /** Those that were reported once. */
  const named = new Set<string>();
  let quietUntil = 0;
  let lookedAtMuted = Number.NEGATIVE_INFINITY;
  let restoredAt = performance.now();
  const looks = openAllowance(forLooks);
  const rights = openAllowance(forRights);

  function take(call: KernelCall | KernelStart): void {
    if ("start" in call) {
      lineage.take(call);
      return;
    }
    // The Engine makes these calls for each process that it starts, and its events tell of that.
    if (lineage.has(call.caller)) return;
    const owner = inventory.ownerOf(call.pid);
    if (owner === "gone") {
      ended.push(call);
      if (mountingCalls.includes(call.call)) mounted = true;
      else all = true;
    } else if (owner.id !== undefined) touch(owner.id, causeOf(call), call);
  }

  function touch(id: string, cause: Cause, { call, pid }: KernelCall): void {
    if (call === "setns") arrive(pid);
    add(touched, id, cause);
    if (call !== "setns" || unsettled.has(id)) return;
    unsettled.add(id);
    work.after(settling, () => {
      unsettled.delete(id);
      arrive(pid);
      add(touched, id, cause);
      guarded(lookAtTouched);
    });
  }

  function arrive(pid: number): void {
    events.follow(inventory.cameIn(pid).flatMap((each) => threadsOf(each)));
  }

  function tick(): void {
    for (const call of heard(events.entries())) take(call);
    if (rights.isLeft()) rights.spend(hearRights);
    lookAtMuted();
    restore();
    while (waiting.size > 0 && rights.isLeft()) rights.spend(compare);
    if (tooMany && rights.isLeft()) {
      tooMany = false;
      all = true;
      missed = true;
      rights.spend(look);
    }
    lookAtTouched();
  }

  function hearRights(): void {
    const told = events.rights();
    for (const call of heard(told)) if ("call" in call) waiting.set(call.pid, call);
    if (canMute) {
      for (const [id, loud] of noise.take({ ...told, isScarce: rights.isScarce() })) mute(id, loud);
      events.tellForks(canMute && noise.wantsForks);
    }
    if (waiting.size <= mostWaiting) return;
    waiting.clear();
    tooMany = true;
  }

  /** One container that makes calls without end does not keep those of others waiting: it is looked at as a whole meanwhile. */
  function mute(id: string, { tasks, callers }: Loud): void {
    const first = inventory.list().find((each) => each.id === id);
    const times = muted.get(id) ?? 0;
    if (!first || times >= mostMutes) return;
    canMute = events.mute([...tasks].flatMap((pid) => threadsOf(pid)).concat(inventory.tasksOf(id)));
    if (!canMute) return;
    for (const pid of callers) waiting.delete(pid);
    // Calls of others were dropped with its own, and the others do not pay for reading them.
    all = true;
    missed = true;
    tooMany = false;
    rights.forgive();
    if (muted.size === 0) quietUntil = performance.now() + quiet;
    if (!named.has(id)) {
      named.add(id);
      listener.say(
        `${first.name} makes more calls than can be looked at (execve, setuid and the like): for a minute at a time it is looked at every ${betweenLooks / 1_000} s, and what ends in between is not seen`,
      );
    }
    muted.set(id, times + 1);
    listener.muted?.(muted.size);
  }

  function lookAtMuted(): void {
    const now = performance.now();
    if (muted.size === 0 || now - lookedAtMuted < betweenLooks) return;
    lookedAtMuted = now;
    for (const id of muted.keys()) add(touched, id, bySweepAfterLoss);
    if (now < quietUntil) return;
    noise.expect(muted.keys());
    events.tellForks(true);
    events.unmute();
    muted.clear();
    listener.muted?.(0);
    const there = new Set(inventory.list().map(({ id }) => id));
    for (const id of named) if (!there.has(id)) named.delete(id);
  }

  /** Somebody with root's rights may switch the trace off: then it is on again, and all is looked at. */
  function restore(): void {
    const now = performance.now();
    if (now - restoredAt < restoring) return;
    restoredAt = now;
    const followed = inventory.list().flatMap(({ pid }) => pid ?? []);
    const changed = events.restore({ followed, isMuted: muted.size > 0 });
    if (changed.length === 0) return;
    all = true;
    missed = true;
    follow();
    listener.say(
      `somebody changed bulkhead's trace (${changed.slice(0, 3).join(", ")}): it is as it was again, and calls of the last ${restoring / 1_000} s may not have been seen`,
    );
  }

  function heard({ calls, lost }: KernelCalls): KernelCalls["calls"] {
    if (calls.length > 0 || lost > 0)
      listener.kernelEvents?.(calls.filter((each) => "call" in each).length, lost);
    if (lost > 0) {
      waiting.clear();
      lineage.doubt();
      tooMany = true;
    }
    return calls;
  }

  function lookAtTouched(): void {
    if ((all || mounted || touched.size > 0) && looks.isLeft()) looks.spend(look);
  }

  /** Compares some of those that wait with what their containers' processes held. */
  function compare(): void {
    let left = atOnce;
    for (const [pid, call] of waiting) {
      waiting.delete(pid);
      const owner = inventory.ownerOf(pid);
      const id = owner === "gone" ? undefined : owner.id;
      if (id !== undefined && inventory.holdsOther(id, pid)) gained(id, causeOf(call), pid);
      left -= 1;
      if (left === 0) return;
    }
  }

  /** What a shim started may be an exec, which the Engine is asked for first. */
  function gained(id: string, cause: Cause, pid: number): void {
    if (!lineage.has(inventory.parentOf(pid))) {
      add(touched, id, cause);
      return;
    }
    add(pending.containers, id, cause);
    work.wake();
    work.after(unanswered, () => add(touched, id, cause));
  }

  function look(): void {
    const isWhole = all;
    const unnamed = causeOfEnded();
    ended = [];
    if (mounted && !all) for (const id of inventory.mountedOtherwise()) add(touched, id, unnamed);
    const causes = new Map(touched);
    touched.clear();
    all = false;
    mounted = false;
    missed = false;
    const running = inventory.list().flatMap(({ id, pid }) => (pid === undefined ? [] : [id]));
    const ids = isWhole ? running : running.filter((id) => causes.has(id));
    lookAt(session, ids, (id) => causes.get(id) ?? unnamed, 0);
  }

  /** Of several that ended nobody can say who changed what was found. */
  function causeOfEnded(): Cause {
    if (missed) return bySweepAfterLoss;
    const [first] = ended;
    const isOne = first && ended.every(({ caller, call }) => caller === first.caller && call === first.call);
    return isOne ? causeOf(first) : bySweep;
  }

  const causeOf = (call: KernelCall) => causeOfCall(call, inventory.proc);

  function guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      stop();
      const why = error instanceof Error ? error.message : String(error);
      listener.say(`the kernel's events cannot be read any more, and sweeps go on without them: ${why}`);
    }
  }

  // A counter that is there from the beginning shows that the kernel is listened to.
  listener.kernelEvents?.(0, 0);
  let isOver = false;
  const timer = setInterval(() => {
    if (!work.isOver) guarded(tick);
  }, every);

  function stop(): void {
    if (isOver) return;
    isOver = true;
    clearInterval(timer);
    events.close();
  }

  function follow(): void {
    const known = inventory.list();
    const firsts = known.flatMap(({ pid }) => pid ?? []);
    const inside = known.flatMap(({ id }) => inventory.processesOf(id));
    const engine = inventory.host ? tasksOfEngine(inventory.host.pid, firsts) : [];
    lineage.root(engine);
    events.follow([...engine, ...inside.flatMap(({ pid }) => threadsOf(pid))]);
  }

  return {
    follow() {
      if (!isOver) guarded(follow);
    },
    stop,
  };
}

/** The Engine's own tasks, by ancestry: what dockerd, its containerd and its shims started, until that becomes a container's program. */
interface Lineage {
  /** These are the Engine's beyond doubt. */
  root(tasks: readonly number[]): void;
  take(start: KernelStart): void;
  has(task: number): boolean;
  /** Starts were missed: what is not beyond doubt is a stranger again. */
  doubt(): void;
}

/**
 * The name of a runtime's process that is about to become the container's program (runc: libcontainer/nsenter). It is believed
 * of a task that the Engine started, for that still runs the runtime's own program.
 */
const becoming = /^(?:runc:\[2:INIT|crun)/;

/** Milliseconds after which tasks that ended are forgotten: their numbers are used again. */
const forgetEvery = 10_000;

export function openLineage(
  isAlive: (task: number) => boolean = (task) => existsSync(`/proc/${task}`),
  now: () => number = () => performance.now(),
): Lineage {
  let roots: readonly number[] = [];
  let tasks = new Set<number>();
  let forgotAt = now();

  function forget(): void {
    if (now() - forgotAt < forgetEvery) return;
    forgotAt = now();
    for (const task of tasks) if (!isAlive(task)) tasks.delete(task);
  }

  return {
    root(given) {
      roots = given;
      for (const task of given) tasks.add(task);
    },
    take(event) {
      forget();
      if (event.start === "fork") {
        if (tasks.has(event.caller)) tasks.add(event.child);
        else tasks.delete(event.child);
      } else if (becoming.test(event.process)) tasks.delete(event.caller);
    },
    has: (task) => tasks.has(task),
    doubt() {
      tasks = new Set(roots);
    },
  };
}
