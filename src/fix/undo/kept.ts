import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { whyUnwritten } from "../../base/error-words.ts";
import { isRecord } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { stateFolder } from "../../base/state-folder.ts";
import { putInPlace } from "../apply.ts";

/** What one `--apply` changed, with which `--undo` takes it back. The originals lie beside it, by content. */
export interface KeptApply {
  readonly version: 1;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** In the order in which they were written. */
  readonly files: readonly KeptFile[];
  /** Folders that were made for them, the outer ones first. Applies of earlier versions do not say. */
  readonly folders?: readonly string[];
}

export interface KeptFile {
  /** Absolute, at the end of every link. */
  readonly path: string;
  /** SHA-256 of what it held; undefined where it was made. */
  readonly before: string | undefined;
  /** SHA-256 of what was written. */
  readonly after: string;
}

/** A text that is about to be written, as bytes. */
export interface NewText {
  readonly file: string;
  readonly after: Buffer;
}

/** How many applies are kept. */
const most = 20;

function folder(): string {
  return join(stateFolder(), "undo");
}

export function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * Keeps what the files hold now, before they are written: only their owner can read it, for it may have secrets. Gives the
 * name by which `settle` finds it.
 */
export function keepOriginals(changes: readonly NewText[], now: Date): Result<string> {
  const name = `${now.toISOString().replace(/[:.]/g, "-")}-${process.pid}`;
  try {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    mkdirSync(join(folder(), name), { mode: 0o700 });
    const folders = new Set<string>();
    const files = changes.map(({ file, after }): KeptFile => {
      const there = statSync(file, { throwIfNoEntry: false });
      if (!there) {
        const { path, missing } = newPathOf(file);
        for (const each of missing) folders.add(each);
        return { path, before: undefined, after: hashOf(after) };
      }
      const before = readFileSync(file);
      const hash = hashOf(before);
      const put = putInPlace(join(folder(), name, hash), before, { mode: 0o600 });
      if (!put.ok) throw new KeepError(put.reason);
      return { path: realpathSync(file), before: hash, after: hashOf(after) };
    });
    const put = write(name, { version: 1, time: now.getTime(), files, folders: [...folders] });
    if (!put.ok) throw new KeepError(put.reason);
    return ok(name);
  } catch (error) {
    forget(name);
    return failed(`${folder()}: ${error instanceof KeepError ? error.message : whyUnwritten(error)}`);
  }
}

class KeepError extends Error {}

/** Where a file is to be made, with the folders that it still needs, the outer ones first. */
function newPathOf(file: string): { readonly path: string; readonly missing: readonly string[] } {
  const names = [basename(file)];
  let there = dirname(resolve(file));
  for (; !existsSync(there); there = dirname(there)) names.unshift(basename(there));
  const real = realpathSync(there);
  return {
    path: join(real, ...names),
    missing: names.slice(0, -1).map((_, at) => join(real, ...names.slice(0, at + 1))),
  };
}

function write(name: string, kept: KeptApply): Result<void> {
  return putInPlace(join(folder(), name, "kept.json"), `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
}

/** Leaves only the files that were written after all, and drops the oldest applies. */
export function settleKept(name: string, isWritten: (path: string) => boolean): void {
  const kept = readKept(name);
  const files = kept?.files.filter(({ path }) => isWritten(path)) ?? [];
  if (kept && files.length > 0) write(name, { ...kept, files });
  else forget(name);
  for (const old of names().slice(0, -most)) forget(old);
}

export function forget(name: string): void {
  try {
    rmSync(join(folder(), name), { recursive: true, force: true });
  } catch {
    // It was never there, or somebody else's.
  }
}

/** The kept applies, the newest first. */
export function keptApplies(): readonly (readonly [name: string, kept: KeptApply])[] {
  return names()
    .toReversed()
    .flatMap((name) => {
      const kept = readKept(name);
      return kept ? [[name, kept] as const] : [];
    });
}

/** The bytes that a file held; undefined where they are not as they were kept. */
export function originalBytes(name: string, hash: string): Buffer | undefined {
  try {
    const bytes = readFileSync(join(folder(), name, hash));
    return hashOf(bytes) === hash ? bytes : undefined;
  } catch {
    return undefined;
  }
}

function names(): readonly string[] {
  try {
    return readdirSync(folder())
      .filter((name) => /^\d{4}-/.test(name))
      .toSorted();
  } catch {
    return [];
  }
}

function readKept(name: string): KeptApply | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(join(folder(), name, "kept.json"), "utf8"));
    return isRecord(value) && value.version === 1 && Array.isArray(value.files)
      ? (value as unknown as KeptApply)
      : undefined;
  } catch {
    return undefined;
  }
}
