import type { Rules } from "../../audit/evaluate.ts";
import type { Finding } from "../../audit/finding.ts";
import { compareSeverity, type Severity } from "../../model/severity.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { type Cause, type Change, subjectKey } from "../change.ts";
import type { Inventory } from "../inventory/inventory.ts";
import { openDriftDoubts, type ReadAgain } from "./drift-doubts.ts";
import { judge, worstOfEach } from "./judge.ts";
import { openTracker, type Untimed } from "./tracker.ts";

export interface PublisherOptions {
  /** Asked for each time, since ignores end with a day. */
  readonly rules: () => Rules;
  readonly minimum: Severity;
  /** Milliseconds that an improvement must last before it is reported. */
  readonly cooldown: number;
  /** What an earlier watch told and did not take back. */
  readonly remembered: readonly Finding[];
}

/** Judges subjects of a inventory and tells what changed. */
export interface Publisher {
  /** Containers by id, with the execs in them. The configuration of `fresh` was read a moment ago. */
  containers(ids: readonly string[], cause: (id: string) => Cause, fresh?: string): void;
  execs(owner: { readonly id: string; readonly name: string }, cause: Cause): void;
  engine(cause: Cause): void;
  /** Containers that the Engine does not know, and the ids of those that went. */
  foreign(subjects: readonly ContainerSubject[], gone: readonly string[], cause: Cause): void;
  /** The container of this name is gone. */
  gone(name: string, cause: Cause): void;
  /** Takes back what was told of containers that are none of these. */
  keepOnly(names: readonly string[], cause: Cause): void;
  open(): readonly Finding[];
  /** Tells what is due now. */
  flush(): void;
  close(): void;
}

export function openPublisher(
  inventory: Inventory,
  options: PublisherOptions,
  readAgain: ReadAgain,
  listen: (changes: readonly Change[]) => void,
): Publisher {
  const tracker = openTracker(options.cooldown);
  const undoubted = openDriftDoubts(readAgain);
  for (const finding of options.remembered) tracker.remember(subjectKey(finding.subject), finding);
  let due: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  let closed = false;

  function tell(group: string, findings: readonly Finding[], cause: Cause): void {
    announce(tracker.update(group, findings, cause, performance.now()));
  }

  function announce(changes: readonly Untimed[]): void {
    if (changes.length > 0) listen(timed(changes.toSorted(worstFirst)));
  }

  /** Reports an improvement once the cool-down is over. */
  function scheduleDue(): void {
    const at = tracker.nextDue();
    if (at === due?.at) return;
    if (due) clearTimeout(due.timer);
    due = undefined;
    if (at === undefined || closed) return;
    const wait = Math.max(0, at - performance.now());
    due = { at, timer: setTimeout(tellDue, wait) };
  }

  function tellDue(): void {
    if (due) clearTimeout(due.timer);
    due = undefined;
    announce(tracker.due(performance.now()));
    scheduleDue();
  }

  function judgement() {
    return { rules: options.rules(), minimum: options.minimum };
  }

  function execs({ id, name }: { readonly id: string; readonly name: string }, cause: Cause): void {
    const inside = inventory.execsIn(id);
    const findings = inside.length === 0 ? [] : judge(inside, inventory, judgement()).flat();
    tell(`exec:${name}`, worstOfEach(findings), cause);
  }

  return {
    containers(ids, cause, fresh) {
      if (ids.length === 0) return;
      const subjects = inventory.subjects(ids);
      const judged = judge(
        subjects.map(({ subject }) => subject),
        inventory,
        judgement(),
      );
      for (const [index, { id, subject }] of subjects.entries()) {
        const isOpen = () =>
          tracker
            .open()
            .some((finding) => finding.control === "drift" && subjectKey(finding.subject) === subject.id);
        const look = { id, cause: cause(id), isFresh: id === fresh, isOpen };
        tell(subject.id, undoubted(judged[index] ?? [], look), cause(id));
        execs({ id, name: subject.name }, cause(id));
      }
      scheduleDue();
    },
    execs(owner, cause) {
      execs(owner, cause);
      scheduleDue();
    },
    engine(cause) {
      const subject = inventory.engine;
      if (subject) tell("engine", judge([subject], inventory, judgement())[0] ?? [], cause);
      scheduleDue();
    },
    foreign(subjects, gone, cause) {
      const judged = judge(subjects, inventory, judgement());
      for (const [index, { id }] of subjects.entries()) tell(id, judged[index] ?? [], cause);
      for (const id of gone) tell(id, [], cause);
      scheduleDue();
    },
    gone(name, cause) {
      tell(`container:${name}`, [], cause);
      tell(`exec:${name}`, [], cause);
      scheduleDue();
    },
    keepOnly(names, cause) {
      const foreign = inventory.foreign.map(({ id }) => id);
      const groups = new Set([
        "engine",
        ...foreign,
        ...names.flatMap((name) => [`container:${name}`, `exec:${name}`]),
      ]);
      for (const group of tracker.groups()) {
        // Where the kernel is not in sight, nobody knows whether they are gone.
        if (groups.has(group) || (group.startsWith("foreign:") && !inventory.seesForeign)) continue;
        // What an earlier watch told of a container that went meanwhile is not open for another cool-down.
        if (cause.kind === "start") announce(tracker.drop(group, cause));
        else tell(group, [], cause);
      }
      scheduleDue();
    },
    open: () => tracker.open(),
    flush: tellDue,
    close() {
      closed = true;
      if (due) clearTimeout(due.timer);
    },
  };
}

/** Waits use the monotonic clock; a change carries the wall-clock time. */
function timed(changes: readonly Untimed[]): readonly Change[] {
  const time = new Date().toISOString();
  return changes.map((change) => ({ time, ...change }));
}

function worstFirst(a: Untimed, b: Untimed): number {
  return compareSeverity(b.finding.severity, a.finding.severity);
}
