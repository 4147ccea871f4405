import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { createConnection, createServer } from "node:net";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { whyUnread, whyUnwritten } from "../../../base/error-words.ts";

/** A file of the queue. */
export interface Segment {
  readonly file: number;
  bytes: number;
  records: number;
  /** Of its records, how many are delivered. */
  sent: number;
}

/** The name of a file by its number: `00000001.queue`. */
export function nameOf(file: number): string {
  return `${String(file).padStart(8, "0")}.queue`;
}

/** Takes a file away whose records are delivered or dropped; one that stays is no fault. */
export function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // `sent` says that it is delivered.
  }
}

/** Writes all of it, in as many pieces as the system takes; throws where it takes no more. */
export function writeWhole(descriptor: number, bytes: Buffer): void {
  let from = 0;
  while (from < bytes.length) from += writeSync(descriptor, bytes, from);
}

/** What an earlier watch left. Its last line may be a piece, where it was killed: then it was not promised to anybody. */
export function findSegments(
  folder: string,
  say: (text: string) => void,
): { readonly segments: Segment[]; readonly lastFile: number } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const sent = readSent(folder, say);
  const files = readdirSync(folder)
    .flatMap((name) => (/^\d{8}\.queue$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .toSorted((one, other) => one - other);
  const segments = files.flatMap((file): Segment[] => {
    const path = join(folder, nameOf(file));
    const text = readOrSay(path, say);
    if (text === undefined) return [];
    let broken = 0;
    const records = [...recordsIn(text, () => (broken += 1))].length;
    if (broken > 0) say(`${path} holds ${broken} broken lines, which are left out`);
    const delivered = file < sent.file ? records : file === sent.file ? Math.min(sent.records, records) : 0;
    if (delivered < records) return [{ file, bytes: Buffer.byteLength(text), records, sent: delivered }];
    remove(path);
    return [];
  });
  return { segments, lastFile: Math.max(0, sent.file, ...files) };
}

/** How far delivery came: so many records of this file, and all files before it. */
export interface Sent {
  readonly file: number;
  readonly records: number;
}

/** Without it everything in the folder is delivered, again or not. */
function readSent(folder: string, say: (text: string) => void): Sent {
  const [, file, records] = /^(\d+) (\d+)\n$/.exec(readOrSay(join(folder, "sent"), say) ?? "") ?? [];
  return { file: Number(file ?? 0), records: Number(records ?? 0) };
}

/** Says how far delivery came, in one step: a kill leaves what was said before, or this. */
export function writeSent(folder: string, { file, records }: Sent): void {
  try {
    writeFileSync(join(folder, "sent.new"), `${file} ${records}\n`, { mode: 0o600 });
    renameSync(join(folder, "sent.new"), join(folder, "sent"));
  } catch {
    // A full disk: what was delivered may be delivered again after a restart.
  }
}

/** Leaves a file of another user as it is, and reports it. */
function readOrSay(path: string, say: (text: string) => void): string | undefined {
  try {
    return readOrNothing(path);
  } catch (error) {
    say(`${path} cannot be read: ${whyUnread(error)}; what waits there is not delivered`);
    return undefined;
  }
}

/** Nothing where there is no such file; throws where there is one that cannot be read now. */
export function readOrNothing(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}

/** A record as its line in the queue: the CRC-32 of its text in hexadecimal, a space, the text, which has no line break. */
export function lineOfRecord(record: string): string {
  return `${checksum(record)} ${record}\n`;
}

/** The records of a queue's file, in order. A line that is torn or is not what was written is left out, and told. */
export function* recordsIn(text: string, broken: () => void = () => {}): Generator<string> {
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const record = line.slice(9);
    if (line[8] === " " && line.slice(0, 8) === checksum(record)) yield record;
    else broken();
  }
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

/** Bytes of the file: it grows no further. */
const mostRefused = 1024 * 1024;

/** Keeps what a receiver does not take, as lines of JSON in `refused.jsonl` beside the queue. */
export function setAsideIn(
  folder: string | undefined,
  say: (text: string) => void,
): (record: string) => void {
  return (record) => {
    if (folder === undefined) return;
    const path = join(folder, "refused.jsonl");
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) + record.length > mostRefused) {
        say(`${path} is full: a change that was refused is dropped`);
        return;
      }
      appendFileSync(path, `${record}\n`, { mode: 0o600 });
    } catch (error) {
      say(`${path} cannot be written: ${whyUnwritten(error)}; a change that was refused is dropped`);
    }
  };
}

/** Bytes. @see https://man7.org/linux/man-pages/man7/unix.7.html */
const longestPath = 107;

/**
 * Holds a folder for this process alone, by a unix socket in it that nobody else can listen on: unlike a file with a process id,
 * it ends with the process however that ends, and is seen from other containers too.
 */
export async function holdFolder(folder: string): Promise<Held> {
  const path = join(folder, "held");
  // A longer one would be cut off, and the socket be somewhere else.
  if (Buffer.byteLength(path) > longestPath)
    return { kind: "impossible", reason: "its path is too long for a socket" };
  const first = await listen(path);
  if (first.ok || first.code !== "EADDRINUSE") return outcome(first);
  if (await answers(path)) return { kind: "taken" };
  try {
    unlinkSync(path);
  } catch {
    // Another process was faster.
  }
  return outcome(await listen(path));
}

type Held =
  | { readonly kind: "held"; readonly release: () => void }
  /** By another process. */
  | { readonly kind: "taken" }
  /** Nobody can hold it: it cannot be written, its path is too long. */
  | { readonly kind: "impossible"; readonly reason: string };

/** Whether somebody holds a folder now. */
export async function isFolderHeld(folder: string): Promise<boolean> {
  return await answers(join(folder, "held"));
}

type Listened =
  | { readonly ok: true; readonly release: () => void }
  | { readonly ok: false; readonly code: string | undefined; readonly error: Error };

function outcome(listened: Listened): Held {
  if (listened.ok) return { kind: "held", release: listened.release };
  if (listened.code === "EADDRINUSE") return { kind: "taken" };
  return { kind: "impossible", reason: whyUnwritten(listened.error) };
}

function listen(path: string): Promise<Listened> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => resolve({ ok: false, code: error.code, error }));
    server.listen(path, () => {
      server.unref();
      resolve({ ok: true, release: () => server.close() });
    });
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
