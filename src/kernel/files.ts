import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { codeInWords, codeOf } from "../base/error-words.ts";

/**
 * What came of reading an entry of /proc, /sys or cgroupfs.
 *
 * - `gone`: the process (or the cgroup) ended, or the kernel does not have the entry.
 * - `unsupported`: the kernel has the entry and nothing behind it (EINVAL of `attr/current` without a
 *   security module).
 * - `denied`: it is there and may not be read; `reason` is a clause for an unresolved fact.
 */
export type KernelRead<T> =
  | { readonly ok: true; readonly value: T }
  | {
      readonly ok: false;
      readonly failure: "gone" | "unsupported" | "denied";
      readonly reason: string;
    };

/** The same object for each of thousands of reads: of a word Node makes a new one each time. */
const utf8 = { encoding: "utf8", flag: "r" } as const;

/** Reads a whole entry. Synchronous: an entry of /proc is made in memory, and a thread hop costs more than it. */
export function readText(path: string): KernelRead<string> {
  try {
    return { ok: true, value: readFileSync(path, utf8) };
  } catch (error) {
    return unread(path, error);
  }
}

/** Reads a magic link such as /proc/PID/ns/net. */
export function readLink(path: string): KernelRead<string> {
  try {
    return { ok: true, value: readlinkSync(path, utf8) };
  } catch (error) {
    return unread(path, error);
  }
}

export function listFolder(path: string): KernelRead<readonly string[]> {
  return attempt(path, () => readdirSync(path));
}

/**
 * The folders in a folder, without those behind links; none where it cannot be read. Where a file system counts a folder's links,
 * cgroupfs too, two mean that there is none.
 */
export function listSubfolders(path: string): readonly string[] {
  const links = attempt(path, () => lstatSync(path).nlink);
  if (!links.ok || links.value === 2) return [];
  const read = attempt(path, () => readdirSync(path, { withFileTypes: true }));
  return read.ok ? read.value.flatMap((entry) => (entry.isDirectory() ? entry.name : [])) : [];
}

function attempt<T>(path: string, read: () => T): KernelRead<T> {
  try {
    return { ok: true, value: read() };
  } catch (error) {
    return unread(path, error);
  }
}

function unread(path: string, error: unknown): Exclude<KernelRead<never>, { readonly ok: true }> {
  const code = codeOf(error);
  if (code === "ENOENT" || code === "ESRCH" || code === "ENOTDIR" || code === "ENODEV") {
    return { ok: false, failure: "gone", reason: `${path} does not exist` };
  }
  if (code === "EINVAL" || code === "EOPNOTSUPP" || code === "ENOTSUP") {
    return { ok: false, failure: "unsupported", reason: `${path} is not supported by this kernel` };
  }
  const why = codeInWords(code) ?? (code || "unknown error");
  return { ok: false, failure: "denied", reason: `${path} cannot be read (${why})` };
}

/** Texts of each kind that are remembered for sure: those of some hundred containers. */
const least = 1_024;

/**
 * A parser that gives what it gave before for a text that it knows. From one reading to the next most texts of the kernel
 * are the same, and parsing costs more than comparing. What it gives is shared, and must not be changed.
 */
export function remembered<T extends object>(parse: (text: string) => T): (text: string) => T {
  let latest = new Map<string, T>();
  let before = new Map<string, T>();
  return (text) => {
    const known = latest.get(text);
    if (known) return known;
    // What was not asked for since the last change goes with the next.
    if (latest.size >= least) {
      before = latest;
      latest = new Map();
    }
    const found = before.get(text) ?? parse(text);
    latest.set(text, found);
    return found;
  };
}
