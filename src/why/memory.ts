import { closeSync, lstatSync, openSync, readlinkSync, readSync } from "node:fs";
import { dirname, join } from "node:path";
import { spellAddress, textArguments } from "./words.ts";

/** PATH_MAX (linux/limits.h). */
const longestPath = 4_096;
const workingFolder = -100;

/**
 * Reads a call's texts from the memory of the process that made it (proc(5), /proc/PID/mem). It made the call a moment ago: undefined
 * for each where it has ended since, or where the place holds no such text any more.
 */
export function readTexts(
  pid: number,
  call: string,
  words: readonly bigint[],
): readonly (string | undefined)[] {
  const wanted = textArguments(call);
  if (wanted.length === 0) return [];
  let memory: number | undefined;
  try {
    memory = openSync(`/proc/${pid}/mem`, "r");
    const from = memory;
    return wanted.map(({ index, isAddress }) => {
      const at = words[index] ?? 0n;
      if (isAddress) return spellAddress(bytesAt(from, at, Number(words[index + 1] ?? 0n) & 0xff));
      const text = textOf(bytesAt(from, at, longestPath));
      const path = text === undefined ? undefined : fromFolder(pid, words[index - 1], text);
      return path !== undefined && hasPlace(pid, path) ? path : undefined;
    });
  } catch {
    return wanted.map(() => undefined);
  } finally {
    if (memory !== undefined) closeSync(memory);
  }
}

/** As much as is mapped: a text may stand at the end of the last page. */
function bytesAt(memory: number, at: bigint, length: number): Uint8Array {
  const page = longestPath - Number(at % BigInt(longestPath));
  const buffer = Buffer.alloc(length);
  const first = readAt(memory, buffer.subarray(0, Math.min(page, length)), at);
  if (first < page || buffer.subarray(0, first).includes(0)) return buffer.subarray(0, first);
  return buffer.subarray(0, first + readAt(memory, buffer.subarray(first), at + BigInt(first)));
}

function readAt(memory: number, buffer: Uint8Array, at: bigint): number {
  try {
    return readSync(memory, buffer, 0, buffer.length, at);
  } catch {
    return 0;
  }
}

/** Up to its end; undefined for what is no path that people read. */
function textOf(bytes: Uint8Array): string | undefined {
  const end = bytes.indexOf(0);
  if (end <= 0) return undefined;
  const text = Buffer.from(bytes.subarray(0, end)).toString("utf8");
  return /[\p{Cc}\ufffd]/u.test(text) ? undefined : text;
}

/**
 * Whether the folder of a path is there for the process. A call that was refused found it; what does not has taken the path's
 * place in memory since.
 */
function hasPlace(pid: number, path: string): boolean {
  if (!path.startsWith("/")) return true;
  let folder = `/proc/${pid}/root`;
  for (const name of dirname(path).split("/")) {
    folder = `${folder}/${name}`;
    const status = lstatSync(folder, { throwIfNoEntry: false });
    // Where a link leads is for the process to say: from here its target is the host's.
    if (status?.isSymbolicLink()) return true;
    if (!status?.isDirectory()) return false;
  }
  return true;
}

/** A relative path starts from the working folder, or from the folder that the argument before names. */
function fromFolder(pid: number, folder: bigint | undefined, path: string): string {
  if (path.startsWith("/")) return path;
  const number = folder === undefined ? workingFolder : Number(BigInt.asIntN(32, folder));
  try {
    const link = number >= 0 && number < 65_536 ? `fd/${number}` : "cwd";
    return join(readlinkSync(`/proc/${pid}/${link}`), path);
  } catch {
    return path;
  }
}
