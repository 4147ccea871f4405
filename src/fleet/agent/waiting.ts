import type { Change } from "../../watch/change.ts";
import type { Queue } from "../../watch/outputs/queue/queue.ts";
import { mostChanges } from "../protocol/report.ts";

/** The changes that the server has not confirmed yet, in a queue on the disk. */
export interface WaitingChanges {
  add(number: number, change: Change): void;
  /** The oldest ones whose numbers follow on one another: as many as fit into a report, or one. */
  next(single: boolean): readonly Waiting[];
  /** Drops those up to this number of a change: the server has them. */
  dropUpTo(number: number): void;
  dropAll(): void;
  /** Seconds since 1970 of the oldest. */
  oldest(): number | undefined;
}

export interface Waiting {
  readonly number: number;
  readonly change: Change;
  /** As the queue counts. */
  readonly queued: number;
}

/** Characters of the changes of one report. */
const batchCharacters = 1024 * 1024;

export function changesIn(queue: Queue): WaitingChanges {
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
    next(single) {
      const queued = queue.peek({ records: single ? 1 : mostChanges, characters: batchCharacters });
      const waiting: Waiting[] = [];
      for (const { number: inQueue, record } of queued) {
        const parsed = parseRecord(record);
        const before = waiting.at(-1);
        if (!parsed || (before && parsed.number !== before.number + 1)) {
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
