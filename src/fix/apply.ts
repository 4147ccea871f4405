import { createHash, randomBytes } from "node:crypto";
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
import { isOrphan, ownLabel } from "../engine/owner.ts";

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
  const made = join(dirname(target), temporaryName(basename(target), ownLabel()));
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

/** Milliseconds after which a process that cannot be looked at from here no longer writes its temporary file. */
const abandoned = 24 * 3_600_000;

const madeBy = /^([0-9a-f]{8}-\d+-\d+)-[0-9a-f]{12}\.tmp$/;

/** Removes the temporary files of runs that were killed while they wrote the file. Those of a run that is alive stay. */
function removeAbandoned(target: string): void {
  const start = `.${basename(target).slice(0, 100)}.`;
  try {
    for (const name of readdirSync(dirname(target))) {
      const owner = name.startsWith(start) ? madeBy.exec(name.slice(start.length))?.[1] : undefined;
      if (owner === undefined) continue;
      const path = join(dirname(target), name);
      const isGone = hasEnded(owner) ?? Date.now() - lstatSync(path).mtimeMs > abandoned;
      if (isGone) rmSync(path, { force: true });
    }
  } catch {
    // Only a courtesy: what cannot be looked at stays.
  }
}

/** Names a temporary file for the process that writes it: a mark of its boot and pid namespace, its pid, and when it started. */
export function temporaryName(name: string, owner: string): string {
  const [boot = "", namespace = "", pid = "", started = ""] = owner.split("/");
  const hex = randomBytes(6).toString("hex");
  return `.${name.slice(0, 100)}.${markOf(boot, namespace)}-${pid}-${started}-${hex}.tmp`;
}

/** Whether the process in such a name is gone; undefined where that cannot be seen from here. */
function hasEnded(owner: string): boolean | undefined {
  const [mark, pid, started] = owner.split("-");
  const [boot = "", namespace = ""] = ownLabel().split("/");
  if (mark !== markOf(boot, namespace)) return undefined;
  return isOrphan([boot, namespace, pid, started].join("/"));
}

function markOf(boot: string, namespace: string): string {
  return createHash("sha256").update(`${boot}/${namespace}`).digest("hex").slice(0, 8);
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
