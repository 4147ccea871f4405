import { fingerprint, type Rules } from "../../audit/evaluate.ts";
import type { Finding } from "../../audit/finding.ts";
import { differences } from "../../controls/drift/differences.ts";
import { compareSeverity, isAtLeast, type Severity } from "../../model/severity.ts";
import type { Since } from "../../model/since.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { causeOfFinding } from "../attribution.ts";
import { type Cause, type Change, subjectKey } from "../change.ts";
import { type Drifts, type Loosened, limitsOf } from "../drift/drifts.ts";
import type { Inventory } from "../inventory/inventory.ts";
import type { WatchListener } from "../listener.ts";
import type { ExecStarts } from "../reading/exec-starts.ts";
import { judge, worstOfEach } from "./judge.ts";
import { openNames } from "./names.ts";
import { type About, openTracker, type Untimed } from "./tracker.ts";

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
  /** Containers by id, with the execs in them. `reading`: the configuration of one was read for this. */
  containers(ids: readonly string[], cause: (id: string) => Cause, reading?: Reading): void;
  execs(owner: Identified, cause: Cause): void;
  engine(cause: Cause): void;
  /** Containers that the Engine does not know, and the ids of those that went. */
  foreign(subjects: readonly ContainerSubject[], gone: readonly string[], cause: Cause): void;
  gone(container: Identified, cause: Cause): void;
  /** Takes back what was told of containers that the inventory does not hold. */
  keepOnly(cause: Cause): void;
  open(): readonly Finding[];
  /** Tells what is due now. */
  flush(): void;
  close(): void;
}

/** A container by the Engine's id, which stays, and its name, which may change. */
interface Identified {
  readonly id: string;
  readonly name: string;
}

/** When the reading of a container's configuration began. Milliseconds of the monotonic clock. */
export interface Reading {
  readonly id: string;
  readonly at: number;
  /** The limits that an update raised, as this reading shows. */
  readonly loosened?: readonly Loosened[];
}

interface PublisherKnows {
  readonly drifts: Drifts;
  readonly starts: ExecStarts;
  /** Files of limits that were written, by the container's id: see `WatchSession`. */
  readonly written: ReadonlyMap<string, Cause>;
}

export function openPublisher(
  inventory: Inventory,
  { drifts, starts, written }: PublisherKnows,
  options: PublisherOptions,
  { changes: listen, loosened: listenLoosened }: Pick<WatchListener, "changes" | "loosened">,
): Publisher {
  const tracker = openTracker(options.cooldown);
  for (const finding of options.remembered) tracker.remember(subjectKey(finding.subject), finding);
  let due: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined;
  let closed = false;

  /** The container that was judged last under each name. */
  const judgedAs = openNames();

  function groupsOf(name: string): readonly string[] {
    return [`container:${name}`, `exec:${name}`];
  }

  /**
   * What was told of a container that runs stays told of it under its new name. One that does not run makes room for another of its
   * name, or takes that of another.
   */
  function follow({ id, name }: Identified, cause: Cause): void {
    const before = judgedAs.take(id, name);
    if (before === undefined) return;
    const [now, was] = [groupsOf(name), groupsOf(before)];
    for (const [index, group] of was.entries()) {
      if (inventory.container(id)?.running) tracker.move(group, now[index] ?? group);
      tell(group, [], cause);
    }
  }

  function tell(group: string, findings: readonly Finding[], cause: Cause, about?: About): void {
    announce(tracker.update(group, findings, cause, performance.now(), about));
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

  function execs({ id, name }: Identified, cause: Cause): void {
    follow({ id, name }, cause);
    const inside = inventory.execsIn(id);
    const subjects = inside.map(({ subject }) => subject);
    const findings = inside.length === 0 ? [] : judge(subjects, inventory, judgement()).flat();
    const causes = new Map(inside.map(({ subject, live }) => [subject.id, starts.causeOf(live)]));
    tell(`exec:${name}`, worstOfEach(findings), cause, {
      causeOf: ({ subject }, isGone) => (isGone ? undefined : causes.get(subject)),
      // Each exec that has it.
      valuesOf: ({ control }) =>
        findings.flatMap((each) =>
          each.control === control && each.verdict === "fail" ? [each.subject] : [],
        ),
    });
    for (const { live, processes } of inside) if (processes.length > 0) starts.settled(live.id);
  }

  /** The differences of a container that are no update under way. */
  function driftsOfContainer(
    id: string,
    { id: subject, views }: ContainerSubject,
    cause: Cause,
    readAt: number | undefined,
  ): Drifted {
    const configured = views.find(({ level }) => level === "configured");
    const effective = views.find(({ level }) => level === "effective");
    const looked = inventory.lookedAt(id);
    const isCompared = configured && effective && looked;
    const all = isCompared ? differences(configured, effective, inventory.engine?.views.at(-1)) : [];
    const told = drifts.told({
      ...{ id, subject, cause, written: written.get(id), readAt, pid: inventory.container(id)?.pid },
      differences: all,
      limits: configured ? limitsOf(configured) : "",
      seenAt: looked?.at ?? Date.now(),
      seenBefore: looked?.before,
    });
    const values = all.flatMap((each) => (told.has(each.field) ? [`${each.field} ${each.effective}`] : []));
    return { told, values };
  }

  /** What still passes by its control is news alone; what fails by now has opened, or is open. */
  function tellLoosened(
    { id, stableId }: ContainerSubject,
    findings: readonly Finding[],
    loosened: readonly Loosened[],
    cause: Cause,
  ): void {
    const { rules, minimum } = judgement();
    const isJudged = ({ control }: Loosened) =>
      rules.controls.some((each) => each.id === control) &&
      !findings.some((each) => each.control === control && each.verdict !== "notApplicable");
    const news = loosened.filter(isJudged).map((each) => looserLimit(id, stableId, each));
    const changes = news
      .filter(({ severity }) => isAtLeast(severity, minimum))
      .map((finding) => ({ change: "loosened", finding, cause }) as const);
    if (changes.length > 0) listenLoosened?.(timed(changes));
  }

  return {
    containers(ids, cause, reading) {
      if (ids.length === 0) return;
      const subjects = inventory.subjects(ids);
      const drifted = subjects.map(({ id, subject }) =>
        driftsOfContainer(id, subject, cause(id), reading?.id === id ? reading.at : undefined),
      );
      const judged = judge(
        subjects.map(({ subject }) => subject),
        inventory,
        {
          ...judgement(),
          drifts: new Map(
            subjects.flatMap(({ subject }, index) => {
              const told = drifted[index]?.told;
              return told ? [[subject.id, told] as const] : [];
            }),
          ),
        },
      );
      for (const [index, { id, subject }] of subjects.entries()) {
        follow({ id, name: subject.name }, cause(id));
        tell(subject.id, judged[index] ?? [], cause(id), {
          causeOf: (finding) =>
            (finding.control === "drift" ? drifts.causeOf(id) : undefined) ??
            causeOfFinding(cause(id), finding, written.get(id)),
          valuesOf: ({ control }) => {
            if (control === "drift") return drifted[index]?.values ?? [];
            return control === "privileged-exec" ? enteredProcesses(subject) : [];
          },
        });
        execs({ id, name: subject.name }, cause(id));
        if (reading?.id === id && reading.loosened)
          tellLoosened(subject, judged[index] ?? [], reading.loosened, cause(id));
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
    gone(container, cause) {
      // Another container has its name by now.
      if (!judgedAs.free(container)) return;
      for (const group of groupsOf(container.name)) tell(group, [], cause);
      scheduleDue();
    },
    keepOnly(cause) {
      const all = inventory.list();
      const ids = new Set(all.map(({ id }) => id));
      drifts.keepOnly(ids);
      judgedAs.keepOnly(ids);
      const foreign = inventory.foreign.map(({ id }) => id);
      const groups = new Set(["engine", ...foreign, ...all.flatMap(({ name }) => groupsOf(name))]);
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

interface Drifted {
  /** The differences that may be told, by field. */
  readonly told: ReadonlyMap<string, Since>;
  /** What the kernel enforces of them. */
  readonly values: readonly string[];
}

/** Processes that came in from outside. A PID is used again, at another time. */
function enteredProcesses({ views }: ContainerSubject): readonly string[] {
  return views
    .flatMap(({ processes }) => processes)
    .flatMap(({ role, pid, started }) => (role === "entered" ? [`${pid} ${started}`] : []));
}

/** What `loosened` is about, in a finding's shape. */
function looserLimit(
  subject: string,
  stableId: string,
  { control, field, before, after }: Loosened,
): Finding {
  return {
    control,
    verdict: "pass",
    severity: "low",
    subject,
    message: `its ${field} was raised from ${before} to ${after}, which is still a limit`,
    level: "configured",
    locations: [],
    fix: null,
    suppressed: null,
    fingerprint: fingerprint(control, stableId, ["loosened"]),
    baseline: null,
    views: [{ level: "configured", verdict: "pass", observed: `${field} ${after}` }],
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
