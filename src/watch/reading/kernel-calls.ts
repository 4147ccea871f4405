import type { Cause } from "../change.ts";
import type { WatchSession } from "../session.ts";
import type { KernelCall, KernelEvents } from "./kernel-events.ts";
import { lookAt } from "./look.ts";
import { add } from "./pending.ts";
import { bySweep } from "./sweep.ts";

/** Milliseconds between two reads of what the kernel tells. */
const every = 100;

/** Milliseconds until a container is looked at once more: a caller of setns(2) starts its program a moment later. */
const settling = 300;

/** The share of one CPU that looks after calls may take in the long run. What comes faster waits, and is looked at together. */
const share = 0.01;

/** Milliseconds of CPU that may be saved up for a burst. */
const mostSaved = 2_000;

/**
 * The Engine's own: they make these calls for each process that they start, and the Engine's events tell of that. By the time
 * that the call is read, runc may be the program that it started, a child of the shim.
 */
const ofEngine = /^(?:dockerd|containerd|runc|crun)/;

/**
 * Looks at a container as soon as the kernel tells of a call that may have changed it, by the namespaces of the caller. A call
 * whose caller has ended may have changed any container: all are looked at, and nobody is named. Gives what ends it.
 */
export function followKernelCalls(session: WatchSession, events: KernelEvents): () => void {
  const { inventory, listener, work } = session;
  const touched = new Map<string, Cause>();
  /** Containers that are to be looked at once more. */
  const unsettled = new Set<string>();
  let all = false;
  /** Milliseconds of CPU that looks may take; below zero they wait. */
  let saved = mostSaved;
  let savedAt = performance.now();

  function take(call: KernelCall): void {
    if (ofEngine.test(call.process)) return;
    if (ofEngine.test(inventory.parentOf(call.pid))) return;
    const cause: Cause = { kind: "kernel", ...call };
    const owner = inventory.ownerOf(call.pid);
    if (owner === "gone") all = true;
    else if (owner.id !== undefined) touch(owner.id, cause, call);
  }

  function touch(id: string, cause: Cause, { call, pid }: KernelCall): void {
    if (call === "setns") inventory.cameIn(pid);
    add(touched, id, cause);
    if (call !== "setns" || unsettled.has(id)) return;
    unsettled.add(id);
    work.after(settling, () => {
      unsettled.delete(id);
      inventory.cameIn(pid);
      add(touched, id, cause);
    });
  }

  function tick(): void {
    const { calls, lost } = events.read();
    for (const call of calls) take(call);
    if (lost > 0) all = true;
    if (calls.length > 0 || lost > 0) listener.kernelEvents?.(calls.length, lost);
    const now = performance.now();
    saved = Math.min(mostSaved, saved + (now - savedAt) * share);
    savedAt = now;
    if ((all || touched.size > 0) && saved > 0) look();
  }

  function look(): void {
    const causes = new Map(touched);
    const isWhole = all;
    all = false;
    touched.clear();
    const used = process.cpuUsage();
    const running = inventory.list().flatMap(({ id, pid }) => (pid === undefined ? [] : [id]));
    const ids = isWhole ? running : running.filter((id) => causes.has(id));
    lookAt(session, ids, (id) => causes.get(id) ?? bySweep, 0);
    const { user, system } = process.cpuUsage(used);
    saved -= (user + system) / 1_000;
  }

  // A counter that is there from the beginning shows that the kernel is listened to.
  listener.kernelEvents?.(0, 0);
  const timer = setInterval(() => {
    if (work.isOver) return;
    try {
      tick();
    } catch (error) {
      stop();
      const why = error instanceof Error ? error.message : String(error);
      listener.say(`the kernel's events cannot be read any more, and sweeps go on without them: ${why}`);
    }
  }, every);

  function stop(): void {
    clearInterval(timer);
    events.close();
  }

  return stop;
}
