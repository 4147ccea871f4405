import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, write, writeSync } from "node:fs";
import { dirname } from "node:path";
import { whyUnread, whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";

/** Where lines go. A line that was not written whole is a failure, and what it stands for must not happen. */
export interface Sink {
  /** A promise only where the line waits. `denial`: of a decision that lets nothing through. */
  write(line: string, denial?: Denial): Result<void> | Promise<Result<void>>;
  /** Whether denials have not had their share of the space yet. */
  hasRoomForDenials(): boolean;
  /** Whether the next line is written when `write` returns. */
  isFree(): boolean;
  /** Opens the file again after logrotate moved it. If that fails, the old file stays in use. */
  reopen(): Result<void>;
  close(): void;
}

/** What makes denials alike, and the line for those that are only counted. */
export interface Denial {
  readonly client: string;
  readonly key: string;
  readonly counted: (times: number) => string;
}

/** Of each file: the rest is for what was let through, which no flood of denials pushes out. */
const denialShare = 0.5;

export interface FileSinkOptions {
  readonly path: string;
  /** Bytes of a file before the next one begins; 0 for no bound. */
  readonly maxBytes: number;
  /** Older files that are kept: `audit.log.1` is the newest. */
  readonly keep: number;
}

/**
 * Lines to a file, by writes that are waited for: some microseconds, which is less than a thread would take, and a full disk
 * is known at once. The first line of a turn of the event loop is written as it comes, so that a request that is alone
 * waits for nothing, and all others of the turn by one write at its end. (Nothing is synced: what a power cut takes,
 * it takes.)
 */
export function fileSink({ path, maxBytes, keep }: FileSinkOptions): Result<Sink> {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
  } catch (error) {
    return failed(`the folder of the audit log ${path} cannot be made: ${whyUnread(error)}`);
  }
  const opened = open(path);
  if (!opened.ok) return opened;
  let file = opened.value;
  let waiting: Waiting[] = [];
  /** From the first line of a turn to its end. */
  let isGathering = false;
  let isClosed = false;
  /** Bytes of denials in the file. */
  let denied = 0;

  function rotate(): void {
    for (let at = keep; at >= 1; at -= 1) {
      const from = at === 1 ? path : `${path}.${at - 1}`;
      try {
        renameSync(from, `${path}.${at}`);
      } catch {
        // There are fewer yet, or the folder is not ours to change: then this file grows on, and loses nothing.
      }
    }
    try {
      if (keep === 0) rmSync(path, { force: true });
    } catch {
      return;
    }
    const next = open(path);
    if (next.ok) replace(next.value);
  }

  function replace(next: OpenFile): void {
    const old = file.fd;
    file = next;
    denied = 0;
    try {
      closeSync(old);
    } catch {
      // What it held was written before, or said not to be.
    }
  }

  function flush(): void {
    isGathering = false;
    const batch = waiting;
    waiting = [];
    for (let at = 0; at < batch.length; ) at += writeSome(batch.slice(at));
  }

  /** Writes as many of the lines as fit into the file, at least one; gives how many were settled. */
  function writeSome(batch: readonly Waiting[]): number {
    const ends: number[] = [];
    let text = file.torn ? "\n" : "";
    let size = text.length;
    for (const { line } of batch) {
      const own = Buffer.byteLength(line) + 1;
      if (maxBytes > 0 && file.size + size + own > maxBytes) {
        if (ends.length > 0) break;
        if (file.size > 0) rotate();
        text = file.torn ? "\n" : "";
        size = text.length;
      }
      text += `${line}\n`;
      size += own;
      ends.push(size);
    }
    const { written, fault } = writeWhole(file, Buffer.from(text));
    const unwritten = failed(`the audit log ${path} cannot be written: ${fault}`);
    for (let at = 0; at < ends.length; at += 1)
      batch[at]?.settle((ends[at] ?? size) <= written ? ok(undefined) : unwritten);
    return ends.length;
  }

  return ok({
    write(line, denial) {
      if (denial) denied += line.length;
      // Its number may be that of another file by now.
      if (isClosed) return failed(`the audit log ${path} is closed`);
      if (isGathering) return new Promise((settle) => waiting.push({ line, settle }));
      isGathering = true;
      setImmediate(flush);
      let result: Result<void> | undefined;
      writeSome([{ line, settle: (settled) => (result = settled) }]);
      return result ?? failed(`the audit log ${path} was not written`);
    },
    isFree: () => !isGathering,
    hasRoomForDenials: () => maxBytes === 0 || denied < maxBytes * denialShare,
    reopen() {
      flush();
      const next = open(path);
      if (!next.ok) return next;
      replace(next.value);
      return ok(undefined);
    },
    close() {
      flush();
      isClosed = true;
      closeSync(file.fd);
    },
  });
}

interface Waiting {
  readonly line: string;
  readonly settle: (result: Result<void>) => void;
}

/** Gives how many bytes were written, and why not all of them. */
function writeWhole(
  file: OpenFile,
  bytes: Buffer,
): { readonly written: number; readonly fault: string | undefined } {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(file.fd, bytes, written);
    return { written, fault: undefined };
  } catch (error) {
    return { written, fault: whyUnwritten(error) };
  } finally {
    file.size += written;
    // A full disk may take a part of a line: the next one begins on a new line.
    if (written > 0) file.torn = bytes[written - 1] !== lineFeed;
  }
}

const lineFeed = 10;

interface OpenFile {
  readonly fd: number;
  size: number;
  torn: boolean;
}

function open(path: string): Result<OpenFile> {
  try {
    // Names of containers and reasons are in it: for its owner and a group alone.
    const fd = openSync(path, "a", 0o640);
    return ok({ fd, size: fstatSync(fd).size, torn: false });
  } catch (error) {
    return failed(`the audit log ${path} cannot be opened: ${whyUnread(error)}`);
  }
}

/** Milliseconds that a reader of standard output may keep lines waiting. */
const patience = 5_000;

/**
 * Lines to a descriptor that somebody reads from, who may be slow: written in batches beside everything else. A line
 * that does not get through in time counts as not written.
 */
export function streamSink(fd: number, wait = patience): Sink {
  let queue: Waiting[] = [];
  let writing = false;

  function flush(): void {
    if (writing || queue.length === 0) return;
    writing = true;
    const batch = queue;
    queue = [];
    const settle = (result: Result<void>) => {
      writing = false;
      for (const each of batch) each.settle(result);
      flush();
    };
    writeAll(fd, Buffer.from(batch.map(({ line }) => `${line}\n`).join("")), Date.now() + wait, settle);
  }

  return {
    write: (line) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => {
          queue = queue.filter((each) => each !== waiting);
          resolve(failed(stuck));
        }, wait);
        const waiting: Waiting = {
          line,
          settle: (result) => {
            clearTimeout(timer);
            resolve(result);
          },
        };
        queue.push(waiting);
        flush();
      }),
    isFree: () => false,
    hasRoomForDenials: () => true,
    reopen: () => ok(undefined),
    close: () => undefined,
  };
}

const stuck = "the audit log on standard output is not read by anybody";

function writeAll(fd: number, bytes: Buffer, until: number, done: (result: Result<void>) => void): void {
  write(fd, bytes, 0, bytes.length, null, (error, written) => {
    if (error && error.code !== "EAGAIN")
      return done(failed(`the audit log on standard output cannot be written: ${whyUnwritten(error)}`));
    const rest = bytes.subarray(error ? 0 : written);
    if (rest.length === 0) return done(ok(undefined));
    if (Date.now() > until) return done(failed(stuck));
    setTimeout(() => writeAll(fd, rest, until, done), error ? 10 : 0);
  });
}
