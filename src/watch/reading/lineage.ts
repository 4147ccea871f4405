import { existsSync } from "node:fs";
import type { KernelStart } from "./kernel-events.ts";

/** The Engine's own tasks, by ancestry: what dockerd, its containerd and its shims started, until that becomes a container's program. */
export interface Lineage {
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
