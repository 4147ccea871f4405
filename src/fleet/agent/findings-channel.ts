import type { Finding } from "../../audit/finding.ts";
import { redactFinding } from "../../report/secrets/redact.ts";
import { count } from "../../report/words.ts";
import { type Change, findingKey, knownAs, type Named } from "../../watch/change.ts";
import type { Queue } from "../../watch/outputs/queue/queue.ts";
import type { Watch } from "../../watch/watch.ts";
import { mostChanges, mostOpen, type ReportRequest } from "../protocol/report.ts";
import type { Channel } from "./channels.ts";
import type { Numbers } from "./identity.ts";

/**
 * Changes, out of a queue on the disk, with numbers that follow on one another. Where some are missing, at the beginning of a watch
 * and where the server asks for it, everything that is open is sent as a whole instead.
 */
interface FindingsChannel extends Channel {
  add(change: Change): void;
  /** The server does not have what is open: other news waits. */
  isBehind(): boolean;
  /** Changes that the server took. */
  sent(): number;
  waiting(): number;
  /** Seconds since 1970 of the oldest change that waits. */
  oldest(): number | undefined;
}

interface Options {
  readonly queue: Queue;
  readonly numbers: Numbers;
  /** What is open; undefined until everything was read. */
  readonly open: () => ReturnType<Watch["open"]> | undefined;
  readonly say: (text: string) => void;
}

export function findingsChannel({ queue, numbers, open, say }: Options): FindingsChannel {
  const changes = changesIn(queue);
  const findings = sentFindings();
  let isBehind = true;
  /** What is open was put together as a whole: what the watch finds from then on is not in it. */
  let wasWhole = false;
  /**
   * The whole that the server is to have. It stays as it was put together until the server answers: the answer may be lost, and the
   * changes since then follow on its number.
   */
  let whole: Whole | undefined;
  /** Changes that wait do not follow on what the server has: they are of no use before the whole. */
  let isGapped = false;
  /** After a refusal changes go one by one, so that one that is wrong does not take others with it. */
  let single = false;
  let sent = 0;
  /** The part that `next` gave last, until an answer settles it. */
  let onWay: OnWay | undefined;

  function startAnew(): void {
    changes.dropAll();
    whole = undefined;
    isBehind = true;
    isGapped = true;
  }

  function nextOnWay(): OnWay | undefined {
    if (queue.takeLost() > 0) {
      say("gets everything that is open again: too many changes waited");
      startAnew();
    }
    if (isBehind) whole ??= takeWhole();
    const waiting = isGapped ? [] : changes.next({ single, before: whole?.number });
    const [first, last] = [waiting[0], waiting.at(-1)];
    if (first && last) {
      const part = { first: first.number, changes: waiting.map((each) => each.change) };
      return { part, upTo: last.number, queued: last.queued };
    }
    if (isBehind) return whole && { part: { whole }, upTo: whole.number };
    const details = findings.newer(open() ?? []);
    return details.length === 0 ? undefined : { part: { details } };
  }

  function takeWhole(): Whole | undefined {
    const all = open();
    if (!all) return undefined;
    wasWhole = true;
    if (all.length > mostOpen) say(`gets the first ${mostOpen} of ${all.length} findings`);
    return { number: numbers.next(), open: findings.replace(all.slice(0, mostOpen)) };
  }

  return {
    next() {
      onWay = nextOnWay();
      return onWay?.part;
    },
    heard(answer) {
      const { part, upTo = 0, queued } = onWay ?? {};
      onWay = undefined;
      for (const finding of part?.details ?? []) findings.set(finding);
      if (part) single = false;
      // Nothing that follows on the whole was sent before it.
      const known = part?.whole ? upTo : Math.max(upTo, numbers.last());
      if (answer.last > known) {
        // This host was set back: what it counts from now on was counted before.
        numbers.skipTo(answer.last);
        startAnew();
      } else if (answer.wantsWhole) {
        // A whole that was not sent yet is what the server wants.
        if (part?.whole) whole = undefined;
        isBehind = true;
        isGapped = true;
      } else if (answer.last < upTo) return "did not keep what it was sent";
      else {
        if (queued !== undefined) {
          queue.acknowledge(queued);
          sent += part?.changes?.length ?? 0;
        }
        if (part?.whole) {
          changes.dropUpTo(part.whole.number);
          whole = undefined;
          isBehind = false;
          isGapped = false;
        }
      }
      return undefined;
    },
    refused() {
      const { part, queued } = onWay ?? {};
      if ((part?.changes?.length ?? 0) > 1) {
        single = true;
        return {};
      }
      if (queued !== undefined) {
        queue.acknowledge(queued);
        isBehind = true;
        isGapped = true;
        single = false;
        return { dropped: "a change; everything that is open is sent again instead" };
      }
      const rejected = part?.whole?.open.length;
      if (rejected === undefined) return { stuck: "" };
      // The server did not keep it, so that another one may take its place.
      whole = undefined;
      return { stuck: `: it rejected what is open (${count(rejected, "finding")})` };
    },
    add(change) {
      // What was so when the watch began is sent as a whole. Some of it is found later, such as what the kernel does not show.
      if (change.cause.kind === "start" && !wasWhole) return;
      const { finding } = change;
      findings.delete(knownAs(change));
      if (change.change !== "resolved") findings.set(finding);
      changes.add(numbers.next(), change);
    },
    isBehind: () => isBehind,
    sent: () => sent,
    waiting: () => queue.waiting(),
    oldest: () => changes.oldest(),
  };
}

type Whole = NonNullable<ReportRequest["whole"]>;

interface OnWay {
  readonly part: NonNullable<ReturnType<Channel["next"]>>;
  /** The number up to which the server keeps all if it keeps this. */
  readonly upTo?: number;
  /** The last of its changes, as the queue counts. */
  readonly queued?: number;
}

/** The changes that the server has not confirmed yet, in a queue on the disk. */
interface WaitingChanges {
  add(number: number, change: Change): void;
  /** The oldest ones whose numbers follow on one another: as many as fit into a report, or one. Those `before` a number alone. */
  next(which: { readonly single: boolean; readonly before: number | undefined }): readonly Waiting[];
  /** Drops those up to this number of a change: the server has them. */
  dropUpTo(number: number): void;
  dropAll(): void;
  /** Seconds since 1970 of the oldest. */
  oldest(): number | undefined;
}

interface Waiting {
  readonly number: number;
  readonly change: Change;
  /** As the queue counts. */
  readonly queued: number;
}

/** Characters of the changes of one report. */
const batchCharacters = 1024 * 1024;

function changesIn(queue: Queue): WaitingChanges {
  function dropUpTo(number: number): void {
    for (;;) {
      const [next] = queue.peek({ records: 1, characters: 1 });
      if (!next) return;
      const record = parseRecord(next.record);
      if (record && record.number > number) return;
      queue.acknowledge(next.number);
    }
  }

  return {
    add(number, change) {
      queue.append(JSON.stringify({ number, change } satisfies Recorded));
    },
    next({ single, before = Number.POSITIVE_INFINITY }) {
      const queued = queue.peek({ records: single ? 1 : mostChanges, characters: batchCharacters });
      const waiting: Waiting[] = [];
      for (const { number: inQueue, record } of queued) {
        const parsed = parseRecord(record);
        if (parsed && parsed.number >= before) break;
        const previous = waiting.at(-1);
        if (!parsed || (previous && parsed.number !== previous.number + 1)) {
          if (waiting.length === 0) queue.acknowledge(inQueue);
          break;
        }
        waiting.push({ ...parsed, queued: inQueue });
      }
      return waiting;
    },
    dropUpTo,
    dropAll: () => dropUpTo(Number.MAX_SAFE_INTEGER),
    oldest() {
      const [next] = queue.peek({ records: 1, characters: 1 });
      const time = Date.parse((next && parseRecord(next.record)?.change.time) ?? "");
      return Number.isNaN(time) ? undefined : time / 1_000;
    },
  };
}

type Recorded = Omit<Waiting, "queued">;

/** The queue's checksum is right, but another version of bulkhead may have written the record. */
function parseRecord(record: string): Recorded | undefined {
  try {
    const parsed: unknown = JSON.parse(record);
    const isRecorded =
      typeof parsed === "object" &&
      parsed !== null &&
      "number" in parsed &&
      typeof parsed.number === "number" &&
      "change" in parsed;
    return isRecorded ? (parsed as Recorded) : undefined;
  } catch {
    return undefined;
  }
}

/** The text of each open finding as the server has it. The watch makes a new finding each time that it looks again. */
interface SentFindings {
  /** The server has exactly these. Gives them as they are sent. */
  replace(open: readonly Finding[]): readonly Finding[];
  set(finding: Finding): void;
  delete(finding: Named): void;
  /** Those that say something else than the server has: the kernel may be read a moment after the configuration. */
  newer(open: readonly Finding[]): readonly Finding[];
  /** Whether one was looked at again. */
  anyLookedAtAgain(open: readonly Finding[]): boolean;
}

function sentFindings(): SentFindings {
  let known = new Map<string, { readonly finding: Finding; readonly text: string }>();

  return {
    replace(open) {
      known = new Map();
      return open.map((finding) => {
        const clean = redactFinding(finding);
        known.set(findingKey(finding), { finding, text: JSON.stringify(clean) });
        return clean;
      });
    },
    set: (finding) => void known.set(findingKey(finding), { finding, text: JSON.stringify(finding) }),
    delete: (finding) => void known.delete(findingKey(finding)),
    newer(open) {
      const details: Finding[] = [];
      for (const finding of open) {
        const before = known.get(findingKey(finding));
        // A new one is sent as a change.
        if (!before || before.finding === finding) continue;
        const clean = redactFinding(finding);
        const text = JSON.stringify(clean);
        if (text === before.text) known.set(findingKey(finding), { finding, text });
        else details.push(clean);
        if (details.length === mostChanges) break;
      }
      return details;
    },
    anyLookedAtAgain: (open) => open.some((finding) => known.get(findingKey(finding))?.finding !== finding),
  };
}
