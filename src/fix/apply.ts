import { mkdirSync, readFileSync, rmdirSync, type Stats } from "node:fs";
import { dirname, resolve } from "node:path";
import { whyUnwritten } from "../base/error-words.ts";
import { failed, ok, type Result } from "../base/result.ts";
import { putInPlace, statOf } from "./put-in-place.ts";

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

/** Writes a file that may not be there yet, at once or not at all. What is there and is no file (a device, a pipe) stays. */
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
