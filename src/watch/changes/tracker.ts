import type { Finding } from "../../audit/finding.ts";
import { compareSeverity } from "../../model/severity.ts";
import { type Cause, type Change, subjectKey } from "../change.ts";

/**
 * Turns states into changes: knows what was told of each finding, and tells what differs. What got worse is told at once.
 * What got better is told once it has stayed so for the cool-down, so that a container that restarts, and a finding
 * that comes and goes, are no flood of changes; anyone who listens always knows a state that was true. Makes no call and
 * reads no clock: `now` is milliseconds of one that never jumps.
 */
export interface Tracker {
  /** All findings of a group now, at most one for each control; none where it is gone. A group is a subject, or all execs of a container. */
  update(
    group: string,
    findings: readonly Finding[],
    cause: Cause,
    now: number,
    about?: About,
  ): readonly Untimed[];
  /**
   * What was told of one group is told of another one from the next update on: its container was renamed. What was told of that one
   * already stays, and what is left of the first is to be taken back.
   */
  move(from: string, to: string): void;
  /** Takes back at once all that was told of a group that is gone for good. */
  drop(group: string, cause: Cause): readonly Untimed[];
  /** What has stayed better for long enough. */
  due(now: number): readonly Untimed[];
  /** When `due` has something to say at the earliest; undefined where nothing waits. */
  nextDue(): number | undefined;
  /** What was told before this tracker was there, by an earlier watch. */
  remember(group: string, finding: Finding): void;
  /** The findings that are open by what was told, each as it is now. */
  open(): readonly Finding[];
  groups(): readonly string[];
}

/** What is known of a finding beside what an audit says. */
export interface About {
  /** What brought it about, or took it back, where it is not the cause of the update. `isGone`: the finding as it was told. */
  readonly causeOf?: CauseOf;
  /**
   * Its values now: amounts, or what it is about (an exec, a process with its start). A finding is the same with other values,
   * and one that was not there when it was told last is news.
   */
  readonly valuesOf?: (finding: Finding) => readonly string[];
}

export type CauseOf = (finding: Finding, isGone: boolean) => Cause | undefined;

/** A change without its time. */
export type Untimed = Omit<Change, "time">;

interface Valued {
  readonly finding: Finding;
  readonly values: readonly string[] | undefined;
}

interface Entry {
  readonly told: Valued | undefined;
  readonly toldAt: number;
  /** It was told of another group: another container may have that name next, so this is told at once, whatever it is. */
  readonly isMoved?: true;
  /** What waits to be told: the finding as it is now, undefined where it is gone. */
  readonly waiting:
    | { readonly now: Valued | undefined; readonly until: number; readonly cause: Cause }
    | undefined;
}

/** `cooldown` in milliseconds. */
export function openTracker(cooldown: number): Tracker {
  const groups = new Map<string, Map<string, Entry>>();

  function advance(before: Entry, now: Valued | undefined, cause: Cause, time: number): Advanced {
    const { told, toldAt, waiting } = before;
    const step = compare(told, now);
    if (before.isMoved)
      return { entry: { told: now, toldAt, waiting: undefined }, change: say(told, now, cause) };
    if (step === "same") return { entry: { told: now, toldAt, waiting: undefined }, change: undefined };
    const isQuiet = time - toldAt >= cooldown;
    if (step === "worse" || (step === "other" && isQuiet)) {
      return { entry: { told: now, toldAt: time, waiting: undefined }, change: say(told, now, cause) };
    }
    const until = waiting?.until ?? (step === "other" ? toldAt : time) + cooldown;
    // What is looked at again and found the same was brought about by what was told first.
    const first = waiting && compare(waiting.now, now) === "same" ? waiting.cause : cause;
    return { entry: { told, toldAt, waiting: { now, until, cause: first } }, change: undefined };
  }

  return {
    update(group, findings, cause, now, { causeOf, valuesOf } = {}) {
      const entries = groups.get(group) ?? new Map<string, Entry>();
      const current = new Map(findings.filter(isTold).map((finding) => [finding.control, finding]));
      const changes: Untimed[] = [];
      for (const control of new Set([...entries.keys(), ...current.keys()])) {
        const before = entries.get(control) ?? untold;
        const finding = current.get(control);
        const about = finding ?? before.told?.finding;
        const valued = finding && { finding, values: valuesOf?.(finding) };
        const own = (about && !before.isMoved && causeOf?.(about, finding === undefined)) || cause;
        const { entry, change } = advance(before, valued, own, now);
        if (change) changes.push(change);
        if (entry.told || entry.waiting) entries.set(control, entry);
        else entries.delete(control);
      }
      if (entries.size > 0) groups.set(group, entries);
      else groups.delete(group);
      return changes;
    },
    move(from, to) {
      const entries = groups.get(to) ?? new Map<string, Entry>();
      for (const [control, entry] of groups.get(from) ?? []) {
        if (entries.get(control)?.told) continue;
        if (entry.told) entries.set(control, { ...entry, isMoved: true });
        groups.get(from)?.delete(control);
      }
      if (groups.get(from)?.size === 0) groups.delete(from);
      if (entries.size > 0) groups.set(to, entries);
    },
    drop(group, cause) {
      const entries = [...(groups.get(group)?.values() ?? [])];
      groups.delete(group);
      return entries.flatMap(({ told }) => say(told, undefined, cause) ?? []);
    },
    due(now) {
      const changes: Untimed[] = [];
      for (const [group, entries] of groups) {
        for (const [control, { told, waiting }] of entries) {
          if (!waiting || waiting.until > now) continue;
          const change = say(told, waiting.now, waiting.cause);
          if (change) changes.push(change);
          if (waiting.now) entries.set(control, { told: waiting.now, toldAt: now, waiting: undefined });
          else entries.delete(control);
        }
        if (entries.size === 0) groups.delete(group);
      }
      return changes;
    },
    nextDue() {
      const times = [...groups.values()].flatMap((entries) =>
        [...entries.values()].flatMap(({ waiting }) => waiting?.until ?? []),
      );
      return times.length === 0 ? undefined : times.reduce((a, b) => Math.min(a, b));
    },
    remember(group, finding) {
      const entries = groups.get(group) ?? new Map<string, Entry>();
      const told = { finding, values: undefined };
      entries.set(finding.control, { told, toldAt: Number.NEGATIVE_INFINITY, waiting: undefined });
      groups.set(group, entries);
    },
    open: () =>
      [...groups.values()].flatMap((entries) =>
        [...entries.values()].flatMap(({ told }) => told?.finding ?? []),
      ),
    groups: () => [...groups.keys()],
  };
}

interface Advanced {
  readonly entry: Entry;
  readonly change: Untimed | undefined;
}

const untold: Entry = { told: undefined, toldAt: Number.NEGATIVE_INFINITY, waiting: undefined };

/** What somebody accepted is no news, and what does not apply is no finding. */
function isTold({ verdict, suppressed }: Finding): boolean {
  return suppressed === null && verdict !== "notApplicable";
}

/**
 * - `worse`: a failure that is new, was only suspected, or weighs more.
 * - `other`: the same failure with other evidence, or with a value that it did not have.
 * - `better`: gone, weighs less, or cannot be told any more. What never failed and cannot be told counts here, too:
 *   a process that ends while it is read is unknown for a moment.
 *
 * The level alone, and the words, are no change: a container that stops has the same findings as configured.
 */
function compare(before: Valued | undefined, now: Valued | undefined): "same" | "worse" | "other" | "better" {
  if (!before && !now) return "same";
  if (!now) return "better";
  const [was, is] = [before?.finding, now.finding];
  if (is.verdict !== "fail") return was?.verdict === is.verdict ? "same" : "better";
  if (!before || was?.verdict !== "fail") return "worse";
  const weight = compareSeverity(is.severity, was.severity);
  if (weight !== 0) return weight > 0 ? "worse" : "better";
  return is.fingerprint === was.fingerprint && !hasNew(before, now) ? "same" : "other";
}

/** Of what an earlier watch told no values are kept: then what was observed is compared. */
function hasNew(before: Valued, now: Valued): boolean {
  const { values } = before;
  if (now.values === undefined || now.values.length === 0) return false;
  if (values !== undefined) return now.values.some((each) => !values.includes(each));
  const observed = observedIn(before.finding);
  return observedIn(now.finding).some((each) => !observed.includes(each));
}

function observedIn({ views }: Finding): readonly string[] {
  return views.flatMap(({ observed }) => observed?.split(", ") ?? []);
}

function say(before: Valued | undefined, now: Valued | undefined, cause: Cause): Untimed | undefined {
  const finding = (now ?? before)?.finding;
  if (!finding) return undefined;
  const change = now === undefined ? "resolved" : before === undefined ? "opened" : "changed";
  const was = before && subjectKey(before.finding.subject);
  const isRenamed = was !== undefined && was !== subjectKey(finding.subject);
  return { change, finding, cause, ...(isRenamed && { was }) };
}
