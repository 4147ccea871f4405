import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { whyUnwritten } from "../base/error-words.ts";
import { failed, ok, type Result } from "../base/result.ts";

/** What a file held when it was read, as bytes: the text, and the byte order mark that readers leave out. */
export interface Original {
  readonly bytes: Buffer;
  readonly hasBom: boolean;
}

const bom = "\uFEFF";

/**
 * Reads the file again, as bytes. Fails where it no longer holds the text, or where the text is not all that it holds (it
 * is not UTF-8): then writing would lose something.
 */
export function originalOf(path: string, text: string): Result<Original> {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return failed(whyUnwritten(error));
  }
  const hasBom = bytes.subarray(0, 3).equals(Buffer.from(bom));
  if (bytes.equals(Buffer.from(hasBom ? bom + text : text))) return ok({ bytes, hasBom });
  const isUtf8 = Buffer.from(bytes.toString("utf8")).equals(bytes);
  return failed(isUtf8 ? "it has changed since it was read" : "it is not UTF-8 throughout");
}

/** Replaces what the file holds, where it still holds what was read; at once or not at all, as putInPlace does it. */
export function replaceFile(path: string, before: string, after: string): Result<void> {
  const original = originalOf(path, before);
  if (!original.ok) return original;
  const { bytes, hasBom } = original.value;
  return parted(statOf(path)) ?? putInPlace(path, hasBom ? bom + after : after, { expected: bytes });
}

/** Writes a file that may not be there yet, at once or not at all. What is there and is not a file (a device, a pipe) stays. */
export function createFile(path: string, text: string): Result<void> {
  const there = statOf(path);
  if (there && !there.isFile() && !there.isDirectory()) return failed("it is not a regular file");
  return parted(there) ?? putInPlace(path, text);
}

/** Makes a file that is not there yet, and its folder. It never replaces one that somebody made meanwhile. */
export function createNew(path: string, text: string, mode: number): Result<void> {
  if (statOf(path)) return failed("someone has created it in the meantime");
  let outermost: string | undefined;
  try {
    outermost = mkdirSync(dirname(path), { recursive: true });
  } catch (error) {
    return failed(whyUnwritten(error));
  }
  const made = putInPlace(path, text, { mode });
  if (!made.ok && outermost !== undefined) removeFolders(dirname(path), outermost);
  return made;
}

/** Removes a folder and those around it, up to the outermost that was made. */
function removeFolders(folder: string, outermost: string): void {
  try {
    for (let at = resolve(folder); ; at = dirname(at)) {
      rmdirSync(at);
      if (at === resolve(outermost)) return;
    }
  } catch {
    // Somebody put a file into it.
  }
}

/** Why a file of several names is not written: what takes its place is a new one, which the other names would not see. */
function parted(there: Stats | undefined): Result<never> | undefined {
  if (!there?.isFile() || there.nlink === 1) return undefined;
  return failed(
    `it has ${there.nlink} names (hard links), which would no longer be one file: write it with --output, and copy that into it`,
  );
}

interface Placing {
  /** What the file must still hold at the last moment; without it, whatever it holds is replaced. */
  readonly expected?: Buffer;
  /** The mode of a file that is not there yet, less the umask; 0o666 without it. */
  readonly mode?: number;
  /** Whether a file that cannot keep its owner is written all the same. */
  readonly anyOwner?: boolean;
}

/**
 * Makes a file hold a text at once or not at all: a temporary file beside it gets the text, the mode and the owner, is
 * synced to the disk and takes the place. Of a symbolic link the target is replaced. On failure, whatever it is, the file
 * is as it was and the reason is one clause. What is no regular file is for the caller to tell apart.
 */
export function putInPlace(path: string, text: string | Buffer, placing: Placing = {}): Result<void> {
  const target = realPathOf(path);
  const like = statOf(target);
  const made = join(
    dirname(target),
    `.${basename(target).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`,
  );
  temporary.add(made);
  removeAbandoned(target);
  try {
    writeSynced(made, text, like, placing);
    // Between reading and renaming somebody may have saved the file: this is the last look.
    const { expected } = placing;
    if (expected && !readFileSync(target).equals(expected)) return failed("it has changed since it was read");
    renameSync(made, target);
    syncFolder(dirname(target));
    return ok(undefined);
  } catch (error) {
    return failed(whyUnwritten(error));
  } finally {
    rmSync(made, { force: true });
    temporary.delete(made);
  }
}

/** Milliseconds after which nobody writes a temporary file any more. */
const abandoned = 60_000;

/** Removes the temporary files of a run that was killed while it wrote the file. */
function removeAbandoned(target: string): void {
  const start = `.${basename(target).slice(0, 100)}.`;
  try {
    for (const name of readdirSync(dirname(target))) {
      if (!name.startsWith(start) || !/^[0-9a-f]{12}\.tmp$/.test(name.slice(start.length))) continue;
      const path = join(dirname(target), name);
      if (Date.now() - lstatSync(path).mtimeMs > abandoned) rmSync(path, { force: true });
    }
  } catch {
    // Only a courtesy: what cannot be looked at stays.
  }
}

/** What stands at a path, or at the end of a link; undefined where nothing does, or nobody may look. */
export function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function writeSynced(
  path: string,
  text: string | Buffer,
  like: Stats | undefined,
  { mode = 0o666, anyOwner = false }: Placing,
): void {
  const file = openSync(path, "wx", like ? 0o600 : mode);
  try {
    writeFileSync(file, text);
    if (like) {
      // The owner first: changing it takes setuid bits away.
      giveTo(file, like, anyOwner);
      fchmodSync(file, like.mode & 0o7777);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function giveTo(file: number, { uid, gid }: Stats, anyOwner: boolean): void {
  const own = fstatSync(file);
  if (own.uid === uid && own.gid === gid) return;
  try {
    fchownSync(file, uid, gid);
  } catch (error) {
    if (!anyOwner) throw error;
  }
}

/** The new name is on the disk when the folder is. Not every file system can, and the file is right without it. */
function syncFolder(folder: string): void {
  try {
    const opened = openSync(folder, "r");
    try {
      fsyncSync(opened);
    } finally {
      closeSync(opened);
    }
  } catch {}
}

/** Temporary files that stand on the disk at this moment. */
const temporary = new Set<string>();

/** Takes away what an interrupted write would leave. For a signal's handler. */
export function removeTemporary(): void {
  for (const path of temporary) rmSync(path, { force: true });
  temporary.clear();
}
