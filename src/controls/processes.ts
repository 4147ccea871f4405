import type { Process } from "../model/container/process.ts";
import type { Container } from "../model/container.ts";
import { type Fact, isOpen, originsOf } from "../model/fact.ts";
import type { Origin } from "../model/origin.ts";
import { unknown, unknownFact, type Verdict } from "../model/verdict.ts";

/**
 * The processes that the container itself runs: its first one and all that descend from it. What an exec or a
 * process from outside holds is judged by `privileged-exec`.
 */
export function ownProcesses(container: Container): readonly Process[] {
  return container.processes.filter(({ role }) => role === "init" || role === "child");
}

/** `nginx (4242), sh (4250) and 3 more`. */
export function nameProcesses(processes: readonly Process[]): string {
  const named = processes.slice(0, 3).map(({ name, pid }) => `${name} (${pid})`);
  const more = processes.length - named.length;
  return more > 0 ? `${named.join(", ")} and ${more} more` : named.join(", ");
}

/** Where the kernel says one property of several processes. */
export function originsIn(
  processes: readonly Process[],
  pick: (process: Process) => Fact<unknown>,
): readonly Origin[] {
  return processes.flatMap((process) => originsOf(pick(process)));
}

/**
 * Judges one property of every process of the container: fails where `isBad` holds for any, is unknown where none is
 * bad and one could not be read (or no process could be seen).
 */
export function judgeProcesses<T>(
  container: Container,
  pick: (process: Process) => Fact<T>,
  isBad: (value: T) => boolean,
  say: { readonly bad: (processes: readonly Process[]) => Verdict; readonly good: () => Verdict },
): Verdict {
  const processes = ownProcesses(container);
  if (processes.length === 0) return unknown("none of its processes could be seen");
  const bad = processes.filter((process) => {
    const fact = pick(process);
    return fact.state === "set" && isBad(fact.value);
  });
  if (bad.length > 0) return say.bad(bad);
  const open = processes.map(pick).find(isOpen);
  return open ? unknownFact(open) : say.good();
}
