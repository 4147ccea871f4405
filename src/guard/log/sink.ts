import { closeSync, fstatSync, openSync, renameSync, rmSync, write, writeSync } from "node:fs";
import { whyFile } from "../../engine/why.ts";
import { failed, ok, type Result } from "../../model/result.ts";

/** Where lines go. A line that was not written whole is a failure, and what it stands for must not happen. */
export interface Sink {
  write(line: string): Result<void> | Promise<Result<void>>;
  /** Opens the file anew, for whoever moved it away (logrotate). The old one stays in use where that fails. */
  reopen(): Result<void>;
  close(): void;
}

export interface FileSinkOptions {
  readonly path: string;
  /** Bytes of a file before the next one begins; 0 for no bound. */
  readonly maxBytes: number;
  /** Older files that are kept: `audit.log.1` is the newest. */
  readonly keep: number;
}

/**
 * Lines to a file, each by one write that is waited for: some microseconds, which is less than a thread would take, and
 * a full disk is known at once. (Nothing is synced: what a power cut takes, it takes.)
 */
export function fileSink({ path, maxBytes, keep }: FileSinkOptions): Result<Sink> {
  const opened = open(path);
  if (!opened.ok) return opened;
  let file = opened.value;

  function rotate(): void {
    for (let at = keep; at >= 1; at -= 1) {
      const from = at === 1 ? path : `${path}.${at - 1}`;
      try {
        renameSync(from, `${path}.${at}`);
      } catch {
        // There are fewer yet, or the folder is not ours to change: then this file grows on, and loses nothing.
      }
    }
    if (keep === 0) rmSync(path, { force: true });
    const next = open(path);
    if (!next.ok) return;
    closeSync(file.fd);
    file = next.value;
  }

  return ok({
    write(line) {
      try {
        const bytes = Buffer.from(file.torn ? `\n${line}\n` : `${line}\n`);
        if (maxBytes > 0 && file.size > 0 && file.size + bytes.length > maxBytes) rotate();
        for (let at = 0; at < bytes.length; ) {
          const written = writeSync(file.fd, bytes, at);
          at += written;
          file.size += written;
          // A disk that fills up takes a part: the next line begins anew behind it.
          file.torn = at < bytes.length;
        }
        return ok(undefined);
      } catch (error) {
        return failed(`the audit log ${path} cannot be written: ${whyWrite(error)}`);
      }
    },
    reopen() {
      const next = open(path);
      if (!next.ok) return next;
      closeSync(file.fd);
      file = next.value;
      return ok(undefined);
    },
    close: () => closeSync(file.fd),
  });
}

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
    return failed(`the audit log ${path} cannot be opened: ${whyFile(error)}`);
  }
}

/** Milliseconds that a reader of standard output may keep lines waiting. */
const patience = 5_000;

/**
 * Lines to a descriptor that somebody reads from, who may be slow: written in batches beside everything else. A line
 * that does not get through in time counts as not written.
 */
export function streamSink(fd: number, wait = patience): Sink {
  interface Waiting {
    readonly line: string;
    readonly settle: (result: Result<void>) => void;
  }
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
    reopen: () => ok(undefined),
    close: () => undefined,
  };
}

const stuck = "the audit log on standard output is not read by anybody";

function writeAll(fd: number, bytes: Buffer, until: number, done: (result: Result<void>) => void): void {
  write(fd, bytes, 0, bytes.length, null, (error, written) => {
    if (error && error.code !== "EAGAIN")
      return done(failed(`the audit log on standard output cannot be written: ${whyWrite(error)}`));
    const rest = bytes.subarray(error ? 0 : written);
    if (rest.length === 0) return done(ok(undefined));
    if (Date.now() > until) return done(failed(stuck));
    setTimeout(() => writeAll(fd, rest, until, done), error ? 10 : 0);
  });
}

function whyWrite(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOSPC") return "the disk is full";
  if (code === "EDQUOT") return "the quota is used up";
  if (code === "EPIPE") return "nobody reads it any more";
  return whyFile(error);
}
