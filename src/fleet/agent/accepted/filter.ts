import type { Finding } from "../../../audit/finding.ts";
import { isEqual } from "../../../base/equal.ts";
import { dayOf, isInForce } from "../../../model/exemption.ts";
import { type Cause, type Change, findingKey, subjectKey } from "../../../watch/change.ts";
import type { Watch } from "../../../watch/watch.ts";
import {
  type Accepted,
  acceptanceOf,
  type HostAcceptance,
  mostAcceptances,
} from "../../protocol/acceptance.ts";
import { containerNow } from "../state.ts";

export interface FilterOptions {
  /** What was accepted when an earlier watch ended; days may have passed since. */
  readonly accepted: Accepted | undefined;
  /** What an earlier watch told. */
  readonly remembered: readonly Finding[];
  /** Undefined before it began. */
  readonly watch: () => Pick<Watch, "open" | "container"> | undefined;
  /** Takes changes that no event brought about: somebody accepted a finding, or the day of an acceptance is over. */
  readonly alert: (changes: readonly Change[]) => void;
  /** Whether a silence holds back what is alerted of findings now. */
  readonly silenced: () => (finding: Finding) => boolean;
  /** Keeps what is accepted, without what is over and was told. */
  readonly keep: (accepted: Accepted) => void;
  readonly clock?: () => number;
}

/**
 * Stands between a watch and whoever is alerted, and knows what they were told: an accepted finding is resolved for them, and
 * one whose acceptance ended is opened. The history and the report to `bulkhead serve` get every change.
 */
export interface AcceptedFilter {
  /** The changes to alert about. */
  pass(changes: readonly Change[]): readonly Change[];
  /** What is open and not accepted. */
  open(): readonly Finding[];
  /** From now on this is accepted. */
  set(accepted: Accepted): void;
  /** The name of the list that holds; "" before there is one. */
  revision(): string;
  /** Everything was read. */
  ready(): void;
  close(): void;
}

const minute = 60_000;
const day = 86_400_000;

export function openAcceptedFilter(options: FilterOptions): AcceptedFilter {
  const { clock = Date.now, watch, alert, silenced, keep } = options;
  let accepted = options.accepted;
  /** Keys of findings that are open, and of which nobody was alerted. */
  const hidden = new Set<string>();
  /** Findings of an earlier watch, of which is not known yet whether they were hidden: their containers were not read yet. */
  const undecided = new Map(options.remembered.map((finding) => [findingKey(finding), finding]));
  let isReady = false;
  /** A list that came before everything was read. */
  let later: Accepted | undefined;

  function today(): string {
    return dayOf(clock());
  }

  function covering(finding: Finding, isToday: boolean): HostAcceptance | undefined {
    if (!accepted || accepted.ignores.length === 0) return undefined;
    const now = today();
    const candidates = isToday ? accepted.ignores.filter((each) => isInForce(each, now)) : accepted.ignores;
    return firstOf(candidates, finding);
  }

  function firstOf(candidates: readonly HostAcceptance[], finding: Finding): HostAcceptance | undefined {
    const name = /^container:(.*)$/s.exec(finding.subject)?.[1];
    const container = name === undefined ? undefined : watch()?.container(name);
    return acceptanceOf(candidates, finding, container && containerNow(container));
  }

  /**
   * Of what ended, that which a silence holds back: a watch that begins before the silence is over has to tell it again. Each is
   * an acceptance of one finding that is over.
   */
  function stillHeld(ended: readonly HostAcceptance[]): readonly HostAcceptance[] {
    if (ended.length === 0) return [];
    const yesterday = dayOf(clock() - day);
    const isSilenced = silenced();
    return (watch()?.open() ?? []).flatMap((finding) => {
      const by = isSilenced(finding) && !covering(finding, true) ? firstOf(ended, finding) : undefined;
      if (!by) return [];
      const { control, subject } = finding;
      const until = isInForce(by, today()) ? yesterday : by.until;
      return [{ control, subject: subjectKey(subject), reason: by.reason, until }];
    });
  }

  /** An earlier watch hid what its acceptances covered, whether or not they are over by now. */
  function decide(key: string): void {
    const finding = undecided.get(key);
    if (finding && undecided.delete(key) && covering(finding, false)) hidden.add(key);
  }

  function passOne(change: Change): Change | undefined {
    const key = findingKey(change.finding);
    decide(key);
    if (change.change === "resolved") return hidden.delete(key) ? undefined : change;
    const by = covering(change.finding, true);
    if (!by) return hidden.delete(key) ? { ...change, change: "opened" } : change;
    if (hidden.has(key)) return undefined;
    hidden.add(key);
    return change.change === "opened" ? undefined : { ...change, change: "resolved", cause: causeOf(by) };
  }

  /** Tells what is accepted by now and was not, and the other way round. */
  function look(): void {
    if (!isReady) return;
    const time = new Date(clock()).toISOString();
    const changes: Change[] = [];
    for (const finding of watch()?.open() ?? []) {
      const key = findingKey(finding);
      const by = covering(finding, true);
      if (by && !hidden.has(key)) {
        hidden.add(key);
        changes.push({ time, change: "resolved", finding, cause: causeOf(by) });
      } else if (!by && hidden.delete(key)) {
        changes.push({ time, change: "opened", finding, cause: causeOf(undefined) });
      }
    }
    if (changes.length > 0) alert(changes);
    forgetOver();
  }

  /** Only after their findings were told again: a watch that ends before tells them at its next start. */
  function forgetOver(): void {
    if (!accepted) return;
    const now = today();
    const over = accepted.ignores.filter((each) => !isInForce(each, now));
    replace(accepted, over);
  }

  /** Keeps a list, without what ended unless that is still held back. */
  function replace(next: Accepted, ended: readonly HostAcceptance[]): void {
    const before = accepted;
    accepted = next;
    const rest = next.ignores.filter((each) => !ended.includes(each));
    accepted = { ...next, ignores: [...rest, ...stillHeld(ended)].slice(0, mostAcceptances) };
    if (!isEqual(accepted, before)) keep(accepted);
  }

  /** Containers have to be known first: which findings the list before hid follows from them. */
  function takeLater(): void {
    if (!isReady) return;
    for (const key of [...undecided.keys()]) decide(key);
    if (later) {
      const next = later;
      const before = accepted?.ignores ?? [];
      later = undefined;
      replace(
        next,
        before.filter((each) => !next.ignores.some((other) => isEqual(each, other))),
      );
    }
    look();
  }

  const timer = setInterval(look, minute);
  timer.unref();

  return {
    pass: (changes) => changes.flatMap((change) => passOne(change) ?? []),
    open: () => (watch()?.open() ?? []).filter((finding) => !hidden.has(findingKey(finding))),
    set(next) {
      later = next;
      takeLater();
    },
    revision: () => accepted?.revision ?? "",
    ready() {
      isReady = true;
      takeLater();
    },
    close: () => clearInterval(timer),
  };
}

function causeOf(by: HostAcceptance | undefined): Cause {
  return { kind: "acceptance", accepted: by ? { reason: by.reason, until: by.until } : null };
}
