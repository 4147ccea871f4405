import { randomBytes } from "node:crypto";
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { failed, ok, type Result } from "../model/result.ts";
import { whyUnwritten } from "./why.ts";

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

/**
 * Replaces what the file holds at once or not at all: a temporary file beside it gets the text, the mode and the owner, is
 * synced to the disk and takes the place. Of a symbolic link the target is replaced. On failure, whatever it is, the file
 * is as it was and the reason is one clause.
 */
export function replaceFile(path: string, before: string, after: string): Result<void> {
  let target: string;
  try {
    target = realpathSync(path);
  } catch (error) {
    return failed(whyUnwritten(error));
  }
  const original = originalOf(target, before);
  if (!original.ok) return original;
  return putInPlace(target, original.value.hasBom ? bom + after : after, original.value.bytes);
}

/** Writes a file that may not be there yet, at once or not at all. What is there and is no file (a device, a pipe) stays. */
export function createFile(path: string, text: string): Result<void> {
  const there = statOrNothing(path);
  if (there && !there.isFile() && !there.isDirectory()) return failed("it is not a regular file");
  return putInPlace(realPathOf(path), text, undefined);
}

function statOrNothing(path: string): Stats | undefined {
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

function putInPlace(target: string, text: string, expected: Buffer | undefined): Result<void> {
  const like = statOf(target);
  if (like && like.nlink > 1) {
    // What takes the file's place is a new one, which the other names would not see.
    return failed(
      `it has ${like.nlink} names (hard links), which would no longer be one file: write it with --output, and copy that into it`,
    );
  }
  const made = join(
    dirname(target),
    `.${basename(target).slice(0, 100)}.${randomBytes(6).toString("hex")}.tmp`,
  );
  temporary.add(made);
  try {
    writeSynced(made, text, like);
    // Between reading and renaming somebody may have saved the file: this is the last look.
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

function statOf(path: string): Stats | undefined {
  try {
    const file = openSync(path, "r");
    try {
      return fstatSync(file);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

function writeSynced(path: string, text: string, like: Stats | undefined): void {
  const file = openSync(path, "wx", like ? 0o600 : 0o666);
  try {
    writeFileSync(file, text);
    if (like) {
      const own = fstatSync(file);
      // The owner first: changing it takes setuid bits away.
      if (own.uid !== like.uid || own.gid !== like.gid) fchownSync(file, like.uid, like.gid);
      fchmodSync(file, like.mode & 0o7777);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
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
