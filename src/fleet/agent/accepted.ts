import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { parse, stringify } from "yaml";
import type { Finding } from "../../audit/finding.ts";
import { isEqual } from "../../base/equal.ts";
import { codeOf, whyUnread, whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { findControl } from "../../controls/registry.ts";
import { dayOf, isInForce } from "../../model/exemption.ts";
import { asOpened, type Cause, type Change, findingKey, knownAs, subjectKey } from "../../watch/change.ts";
import type { Watch } from "../../watch/watch.ts";
import {
  type Accepted,
  acceptanceOf,
  acceptedSchema,
  type HostAcceptance,
  mostAcceptances,
} from "../protocol/report.ts";
import { containerNow } from "./identity.ts";

interface FilterOptions {
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
 * Filters the changes that a watch sends to people, and knows what it sent: an accepted finding is resolved for them, and
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
    const known = findingKey(knownAs(change));
    decide(known);
    const isHidden = hidden.delete(known);
    if (change.change === "resolved") return isHidden ? undefined : change;
    const by = covering(change.finding, true);
    if (!by) return isHidden ? asOpened(change) : change;
    hidden.add(findingKey(change.finding));
    if (isHidden) return undefined;
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

/**
 * The file in which a host keeps what was accepted in `bulkhead serve`: a bulkhead.yaml, so that `bulkhead audit` reads it, too.
 * A comment holds the name of the list.
 */
const head =
  "# Accepted in bulkhead serve, and kept by bulkhead watch, which overwrites this file. Revision: ";

/** Undefined if there is none yet. */
export function readAccepted(path: string): Result<Accepted | undefined> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return codeOf(error) === "ENOENT" ? ok(undefined) : failed(`${path}: ${whyUnread(error)}`);
  }
  const [first = ""] = text.split("\n", 1);
  try {
    const { ignores }: { ignores?: unknown } = parse(text) ?? {};
    const parsed = acceptedSchema.safeParse({ revision: first.slice(head.length), ignores });
    if (first.startsWith(head) && parsed.success) return ok(parsed.data);
  } catch {
    // Said below.
  }
  return failed(`${path} is not as bulkhead watch wrote it`);
}

/** Replaces the file in one step. What `bulkhead audit` here does not know is left out: it would refuse the file. */
export function writeAccepted(path: string, { revision, ignores }: Accepted): Result<void> {
  const known = ignores.filter(({ control }) => control === "*" || findControl(control));
  try {
    const file = openSync(`${path}.new`, "w", 0o600);
    try {
      writeSync(file, acceptedText(known, `${head}${revision}`));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
    return ok(undefined);
  } catch (error) {
    return failed(`${path}: ${whyUnwritten(error)}`);
  }
}

/** Acceptances as a bulkhead.yaml below a comment. */
export function acceptedText(ignores: readonly HostAcceptance[], comment: string): string {
  return `${comment}\n${stringify({ ignores })}`;
}
