import { closeSync, fsync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { whyUnread, whyUnwritten } from "../../../base/error-words.ts";
import {
  findSegments,
  lineOfRecord,
  nameOf,
  readOrNothing,
  recordsIn,
  remove,
  type Segment,
  type Sent,
  writeSent,
  writeWhole,
} from "./queue-files.ts";

/**
 * What waits to be delivered, in order, in files of a folder of its own: `00000001.queue`, each line a record with its checksum.
 * A record is written before `append` returns, so a kill loses none of them; it is on the medium (fsync) within a second, so a
 * power cut loses that second at most. `sent` says how far delivery came, and is replaced at once (rename): after a kill between
 * a delivery and that, records are delivered twice, never not at all.
 *
 * Not the history's SQLite: a watch can run without one (`--no-history`, a driver that is not installed, an older host), and what
 * waits must survive a database that is locked, damaged or full. Here, a damaged line costs one record.
 */
export interface Queue {
  append(record: string): void;
  /** The oldest records, as many as fit; always the same ones until they are acknowledged or dropped. */
  peek(most: { readonly records: number; readonly characters: number }): readonly Queued[];
  /** Records up to this number are delivered. */
  acknowledge(number: number): void;
  waiting(): number;
  /** How many records were dropped since this was last asked, since the queue was full. */
  takeLost(): number;
  /** Whether all that waits is on the disk. */
  isOnDisk(): boolean;
  close(): void;
}

export interface Queued {
  readonly number: number;
  readonly record: string;
}

export interface QueueOptions {
  /** Undefined: in memory alone. */
  readonly folder: string | undefined;
  /** Bytes on the disk; where they are used up the oldest records are dropped. */
  readonly size: number;
  readonly say: (text: string) => void;
  /** Milliseconds. */
  readonly retryEvery?: number;
}

/** Records that wait in memory where the disk does not take them. */
const mostInMemory = 20_000;

const syncEvery = 1_000;

export function openQueue({ folder, size, say, retryEvery = 1_000 }: QueueOptions): Queue {
  const found = folder === undefined ? undefined : findSegments(folder, say);
  const segments: Segment[] = found?.segments ?? [];
  let lastFile = found?.lastFile ?? 0;
  /** The number of the record that was acknowledged or dropped last: records are numbered from there on. */
  let done = 0;
  let memory: string[] = [];
  let lost = 0;
  let tail: { readonly segment: Segment; readonly descriptor: number } | undefined;
  let head: { readonly segment: Segment; readonly records: string[] } | undefined;
  let retry: NodeJS.Timeout | undefined;
  let syncing: NodeJS.Timeout | undefined;
  let unreadable = false;
  const segmentSize = Math.max(4 * 1024, Math.floor(size / 16));

  function write(folder: string, records: readonly string[]): void {
    for (const record of records) {
      const line = Buffer.from(lineOfRecord(record));
      if (!tail || tail.segment.bytes + line.length > segmentSize) beginSegment(folder);
      if (!tail) return;
      const { segment, descriptor } = tail;
      try {
        writeWhole(descriptor, line);
      } catch (error) {
        takeBack(descriptor, segment.bytes);
        throw error;
      }
      segment.bytes += line.length;
      segment.records += 1;
      if (head?.segment === segment) head.records.push(record);
      memory.shift();
    }
    dropOldest(folder);
    syncing ??= setTimeout(sync, syncEvery);
  }

  function beginSegment(folder: string): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const descriptor = openSync(join(folder, nameOf(lastFile + 1)), "ax", 0o600);
    endTail();
    lastFile += 1;
    const segment = { file: lastFile, bytes: 0, records: 0, sent: 0 };
    segments.push(segment);
    tail = { segment, descriptor };
  }

  /** A piece of a line would spoil the next one. */
  function takeBack(descriptor: number, bytes: number): void {
    try {
      ftruncateSync(descriptor, bytes);
    } catch {
      endTail();
    }
  }

  function endTail(): void {
    if (!tail) return;
    const { descriptor } = tail;
    tail = undefined;
    fsync(descriptor, () => closeSync(descriptor));
  }

  function sync(): void {
    syncing = undefined;
    if (tail) fsync(tail.descriptor, () => {});
  }

  function dropOldest(folder: string): void {
    while (segments.length > 1 && segments.reduce((sum, { bytes }) => sum + bytes, 0) > size) {
      const [oldest] = segments;
      if (!oldest) return;
      const number = oldest.records - oldest.sent;
      forget(folder, oldest);
      done += number;
      lost += number;
      say(`the queue in ${folder} is full: the oldest ${number} of its changes are dropped`);
    }
  }

  function forget(folder: string, segment: Segment): void {
    segments.splice(segments.indexOf(segment), 1);
    if (head?.segment === segment) head = undefined;
    if (tail?.segment === segment) endTail();
    remove(join(folder, nameOf(segment.file)));
  }

  function flush(): void {
    if (folder === undefined || memory.length === 0) return;
    try {
      write(folder, [...memory]);
    } catch (error) {
      if (!retry)
        say(`the queue in ${folder} cannot be written: ${whyUnwritten(error)}; changes wait in memory`);
      retry ??= setInterval(flush, retryEvery);
      return;
    }
    if (!retry) return;
    clearInterval(retry);
    retry = undefined;
    say(`the queue in ${folder} can be written again`);
  }

  /** The records of the oldest file, read when they are first asked for. */
  function oldestRecords(folder: string): readonly string[] {
    const [segment] = segments;
    if (!segment) return [];
    if (head?.segment !== segment) {
      const records = [...recordsIn(readOrNothing(join(folder, nameOf(segment.file))))];
      // The file is not what it was counted to be: somebody took it away.
      segment.records = records.length;
      head = { segment, records };
    }
    return head.records.slice(segment.sent);
  }

  /** The oldest records, from memory or disk; empty while their file cannot be read. */
  function readOldest(): readonly string[] {
    try {
      while (folder !== undefined && segments.length > 0) {
        const records = oldestRecords(folder);
        const [segment] = segments;
        if (records.length > 0 || !segment) return records;
        forget(folder, segment);
      }
    } catch (error) {
      if (!unreadable) say(`the queue in ${folder} cannot be read: ${whyUnread(error)}; it is tried again`);
      unreadable = true;
      return [];
    }
    unreadable = false;
    return memory;
  }

  /** Counts the oldest records as delivered; says how far that is in the oldest file that it reaches into. */
  function markSent(folder: string, count: number): Sent | undefined {
    let position: Sent | undefined;
    for (let left = count; left > 0; ) {
      const [segment] = segments;
      if (!segment) break;
      const taken = Math.min(left, segment.records - segment.sent);
      left -= taken;
      segment.sent += taken;
      position = { file: segment.file, records: segment.sent };
      if (segment.sent < segment.records) break;
      forget(folder, segment);
    }
    return position;
  }

  return {
    append(record) {
      memory.push(record);
      if (memory.length > mostInMemory) {
        memory.shift();
        lost += 1;
        done += segments.length === 0 ? 1 : 0;
        if (lost % 1_000 === 1) say(`${mostInMemory} changes wait in memory: the oldest of them are dropped`);
      }
      if (!retry) flush();
    },
    peek(most) {
      const oldest = readOldest();
      const queued: Queued[] = [];
      let characters = 0;
      for (const record of oldest) {
        characters += record.length;
        if (queued.length > 0 && (queued.length >= most.records || characters > most.characters)) break;
        queued.push({ number: done + queued.length + 1, record });
      }
      return queued;
    },
    acknowledge(number) {
      const count = number - done;
      if (count <= 0) return;
      done = number;
      if (folder === undefined || segments.length === 0) {
        memory = memory.slice(count);
        return;
      }
      const position = markSent(folder, count);
      if (position) writeSent(folder, position);
    },
    waiting: () => memory.length + segments.reduce((sum, { records, sent }) => sum + records - sent, 0),
    takeLost() {
      const taken = lost;
      lost = 0;
      return taken;
    },
    isOnDisk: () => memory.length === 0,
    close() {
      flush();
      if (retry) clearInterval(retry);
      if (syncing) clearTimeout(syncing);
      endTail();
    },
  };
}
