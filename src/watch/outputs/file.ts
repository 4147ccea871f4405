import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { whyUnwritten } from "../../base/error-words.ts";
import { hostFiles } from "../../engine/host/files.ts";
import type { Change } from "../change.ts";
import type { Output } from "./output.ts";

/** Lines that are kept while a file cannot be written: a disk that is full for an hour loses nothing. */
const most = 20_000;

const retryEvery = 1_000;

/** A file that is written: where its descriptor comes from, and whether a write goes behind all that is there. */
interface Target {
  /** As messages name it. */
  readonly path: string;
  readonly open: () => number;
  readonly close: (descriptor: number) => void;
  readonly appends: boolean;
}

/** Appends a line for each change. The file is opened for each, so that it may be moved away at any time (logrotate). */
export function fileOutput(
  path: string,
  lineOf: (change: Change) => string,
  say: (text: string) => void,
): Output {
  const target = { path, open: () => openSync(path, "a", 0o600), close: closeSync, appends: true };
  return linesOutput(target, lineOf, say, `file ${path}`);
}

/** The same for standard output that is a file, or a device as /dev/full: it stays open. */
export function standardFile(lineOf: (change: Change) => string, say: (text: string) => void): Output {
  const target = { path: "standard output", open: () => 1, close() {}, appends: appends(1) };
  return linesOutput(target, lineOf, say, undefined);
}

/** proc_pid_fdinfo(5): the flags are octal. */
function appends(descriptor: number): boolean {
  const info = hostFiles.read(`/proc/self/fdinfo/${descriptor}`);
  const flags = info.ok ? /^flags:\s*([0-7]+)$/m.exec(info.value)?.[1] : undefined;
  return (Number.parseInt(flags ?? "0", 8) & 0o2000) !== 0;
}

/**
 * What cannot be written waits and is tried again each second; the first failure is reported, and its end. A disk that is full in
 * the middle of a line leaves no half line behind, unless somebody else wrote after it.
 */
function linesOutput(
  { path, open, close, appends }: Target,
  lineOf: (change: Change) => string,
  say: (text: string) => void,
  name: string | undefined,
): Output {
  let waiting: { readonly line: string; readonly time: number }[] = [];
  /** What is still to be written of the lines that wait, where their beginning stays: in a file whose end moves with each write. */
  let rest: { readonly bytes: Buffer; readonly lines: number; readonly size: number } | undefined;
  let sent = 0;
  let failures = 0;
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;

  /** Throws where not all of it could be written. */
  function write(descriptor: number): void {
    const file = fileAt(descriptor);
    const begun = rest?.size === file.size() ? rest : undefined;
    const lines = waiting.slice(begun?.lines ?? 0).map(({ line }) => line);
    const bytes = Buffer.concat([begun?.bytes ?? Buffer.alloc(0), Buffer.from(lines.join(""))]);
    const { left, error } = writeOrTakeBack(file, bytes, appends && !begun);
    rest = left && { bytes: left, lines: waiting.length, size: file.size() };
    if (error !== undefined) throw error;
  }

  function flush(): void {
    if (waiting.length === 0) return;
    try {
      const descriptor = open();
      try {
        write(descriptor);
      } finally {
        close(descriptor);
      }
    } catch (error) {
      failures += 1;
      if (!timer) say(`${path} cannot be written: ${whyUnwritten(error)}; changes wait until it can`);
      timer ??= setInterval(flush, retryEvery);
      return;
    }
    sent += waiting.length;
    waiting = [];
    if (!timer) return;
    clearInterval(timer);
    timer = undefined;
    say(`${path} can be written again${lost > 0 ? `; ${lost} changes were too many to wait` : ""}`);
    lost = 0;
  }

  return {
    ...(name !== undefined && {
      state: () => ({ name, sent, failures, waiting: waiting.length, oldest: waiting[0]?.time }),
    }),
    send(change) {
      waiting.push({ line: lineOf(change), time: Date.parse(change.time) / 1000 });
      if (waiting.length > most) {
        // What is begun must be finished.
        if (rest) waiting.pop();
        else waiting.shift();
        lost += 1;
      }
      if (!timer) flush();
    },
    async close() {
      flush();
      if (timer) clearInterval(timer);
      if (waiting.length > 0) say(`${path} could not be written: ${waiting.length} changes are lost`);
    },
  };
}

/** An open file. */
export interface OpenFile {
  readonly size: () => number;
  /** Writes from this byte on, and gives how many bytes the system took. */
  readonly write: (bytes: Buffer, from: number) => number;
  readonly truncate: (size: number) => void;
}

function fileAt(descriptor: number): OpenFile {
  return {
    size: () => fstatSync(descriptor).size,
    write: (bytes, from) => writeSync(descriptor, bytes, from),
    truncate: (size) => ftruncateSync(descriptor, size),
  };
}

/**
 * Writes all of it; else takes a half away where `mayTakeBack`, and gives why. `left`: what is still to be written behind a half that
 * stays. A half behind which somebody else wrote is given up: the line has to be written anew.
 */
export function writeOrTakeBack(
  file: OpenFile,
  bytes: Buffer,
  mayTakeBack: boolean,
): { readonly left?: Buffer; readonly error?: unknown } {
  const before = file.size();
  let written = 0;
  try {
    while (written < bytes.length) written += file.write(bytes, written);
    return {};
  } catch (error) {
    if (file.size() !== before + written) return { error };
    if (!mayTakeBack) return { error, left: bytes.subarray(written) };
    try {
      file.truncate(before);
      return { error };
    } catch {
      // A file that may only grow (chattr +a).
      return { error, left: bytes.subarray(written) };
    }
  }
}
