import { randomBytes } from "node:crypto";
import { count } from "../../../report/words.ts";
import type { Change } from "../../change.ts";
import type { Delivered, Delivery, Destination, Receiver } from "../destination.ts";
import type { Output } from "../output.ts";
import { send } from "../send/send.ts";
import type { Queue } from "./queue.ts";

export interface QueuedOptions {
  readonly destination: Destination;
  readonly to: Receiver;
  /** The same in each delivery. */
  readonly source: Pick<Delivery, "host" | "sender" | "version">;
  /** Milliseconds for one attempt. */
  readonly timeout: number;
  readonly queue: Queue;
  /** Takes what the receiver will never take. */
  readonly setAside: (record: string) => void;
  readonly say: (text: string) => void;
  /** The shortest and the longest pause between attempts, and how long the end may take; milliseconds. */
  readonly pauses?: { readonly first: number; readonly longest: number; readonly end: number };
  /** 0 to 1. */
  readonly random?: () => number;
}

/** A receiver that asks for more patience than this is asked earlier. */
const longestAsked = 3_600_000;

/** Characters of the changes of one request. */
const batchCharacters = 256 * 1024;

/**
 * Sends changes in order, at least once, one message at a time. What is not taken stays in the queue and is tried again, with
 * pauses that double and differ by chance. A receiver that hangs or fails costs the watch nothing but the queue's room.
 */
export function queuedOutput(options: QueuedOptions): Output {
  const { destination, to, source, timeout, queue, say, random = Math.random } = options;
  const name = destination.shown(to.target);
  const { first, longest, end } = options.pauses ?? { first: 1_000, longest: 300_000, end: 3_000 };
  const ending = new AbortController();
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let soon: NodeJS.Immediate | undefined;
  let failures = 0;
  let lost = 0;
  let refused = 0;
  /** Of the batch at hand: after a refusal its changes go one by one, so that one that is wrong does not take others with it. */
  let single = 0;
  let closed = false;
  let sent = 0;
  let failedAttempts = 0;

  function wake(): void {
    if (running || timer || queue.waiting() === 0 || ending.signal.aborted) return;
    running = deliver().finally(() => {
      running = undefined;
    });
  }

  async function deliver(): Promise<void> {
    while (!ending.signal.aborted) {
      const records = single > 0 ? 1 : destination.batch;
      const queued = queue.peek({ records, characters: batchCharacters });
      const last = queued.at(-1);
      if (!last) {
        // Its file cannot be read now, which the queue tells.
        if (queue.waiting() > 0) later(longest);
        return;
      }
      const changes = queued.flatMap(({ record }) => parseRecord(record) ?? []);
      lost += queue.takeLost();
      const posted = await attempt(changes, lost);
      if (posted.outcome === "failed") {
        fail(posted.reason, posted.after);
        return;
      }
      if (posted.outcome === "refused" && queued.length > 1) {
        single = queued.length;
        continue;
      }
      if (posted.outcome === "refused") {
        refused += 1;
        // A receiver that takes nothing would fill the log.
        if (refused === 1) say(`${name} ${posted.reason}: it will not take a change, which is set aside`);
        for (const { record } of queued) options.setAside(record);
      } else {
        lost = 0;
        sent += changes.length;
        recover();
      }
      single = Math.max(0, single - queued.length);
      queue.acknowledge(last.number);
    }
  }

  async function attempt(changes: readonly Delivered[], lost: number) {
    if (changes.length === 0) return { outcome: "taken" } as const;
    const message = await destination.changes({ ...source, lost, changes }, to);
    return await send(message, to, { version: source.version, timeout, signal: ending.signal });
  }

  function fail(reason: string, after: number | undefined): void {
    if (ending.signal.aborted) return;
    failures += 1;
    failedAttempts += 1;
    if (failures === 1) say(`${name} ${reason}: ${waitingWords()}, tried again until taken`);
    const usual = Math.min(longest, first * 2 ** Math.min(failures - 1, 30)) * (0.5 + random() / 2);
    later(Math.max(usual, Math.min(after ?? 0, longestAsked)));
  }

  function later(pause: number): void {
    timer = setTimeout(() => {
      timer = undefined;
      wake();
    }, pause);
  }

  function recover(): void {
    if (failures > 0 || refused > 1)
      say(
        `${name} takes changes again${refused > 1 ? `; it took none of ${refused}, which are set aside` : ""}`,
      );
    failures = 0;
    refused = 0;
  }

  function waitingWords(): string {
    const waiting = queue.waiting();
    return `${count(waiting, "change")} ${waiting === 1 ? "waits" : "wait"}`;
  }

  function oldest(): number | undefined {
    const [first] = queue.peek({ records: 1, characters: 1 });
    const time = Date.parse((first && parseRecord(first.record)?.change.time) ?? "");
    return Number.isNaN(time) ? undefined : time / 1000;
  }

  wake();
  return {
    state: () => ({ name, sent, failures: failedAttempts, waiting: queue.waiting(), oldest: oldest() }),
    send(change) {
      if (closed) return;
      queue.append(JSON.stringify({ id: randomBytes(12).toString("hex"), change }));
      // What changes in one moment goes in one message.
      soon ??= setImmediate(() => {
        soon = undefined;
        wake();
      });
    },
    async close() {
      closed = true;
      const deadline = setTimeout(() => ending.abort(), end);
      // A receiver that fails is asked once more, and not waited for.
      if (timer) clearTimeout(timer);
      timer = undefined;
      if (soon) clearImmediate(soon);
      wake();
      await running;
      clearTimeout(deadline);
      if (timer) clearTimeout(timer);
      const waiting = queue.waiting();
      const kept = queue.isOnDisk();
      queue.close();
      if (refused > 1) say(`${name}: ${refused} changes were not taken, and are set aside`);
      if (waiting === 0) return;
      say(
        kept
          ? `${name}: ${waitingWords()} on the disk for the next watch`
          : `${name}: ${count(waiting, "change")} not delivered, and lost`,
      );
    },
  };
}

/** What the queue holds was written here, and its checksum is right; a queue of another version may hold something else. */
function parseRecord(record: string): Delivered | undefined {
  try {
    const parsed: unknown = JSON.parse(record);
    const isDelivered =
      typeof parsed === "object" &&
      parsed !== null &&
      "id" in parsed &&
      typeof parsed.id === "string" &&
      "change" in parsed &&
      isChange(parsed.change);
    return isDelivered ? (parsed as Delivered) : undefined;
  } catch {
    return undefined;
  }
}

function isChange(value: unknown): value is Change {
  return (
    typeof value === "object" && value !== null && "finding" in value && "cause" in value && "time" in value
  );
}
