import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { codeOf, whyUnwritten } from "../../base/error-words.ts";
import { isRecord } from "../../base/json.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { stateFolder } from "../../base/state-folder.ts";
import { putInPlace } from "../apply.ts";

interface Undone {
  readonly path: string;
  /** Whether it is gone, for it had been made. */
  readonly removed: boolean;
}

/**
 * Brings back the files of the last apply that changed one of the paths (files, or folders with all below them). Nothing is
 * written where one of them was edited since. What was moved to another file comes back before it leaves that.
 */
export function undoApply(paths: readonly string[]): Result<readonly Undone[]> {
  const places = paths.map(realOf);
  const isMeant = ({ path }: KeptFile) =>
    places.some((place) => path === place || path.startsWith(place + sep));
  const found = keptApplies().find(([, kept]) => kept.files.some(isMeant));
  if (!found) return failed("nothing to undo: no --apply changed a file here");
  const [name, kept] = found;
  // The last one written first, but a file that was made (.env) goes when all others are back.
  const files = kept.files.filter(isMeant).toReversed();
  const ordered = [...files.filter(({ before }) => before), ...files.filter(({ before }) => !before)];

  // Where --apply was cut short some were never written.
  const changed = ordered.filter(({ path, before }) => hashNow(path) !== before);
  const edited = changed.filter(({ path, after }) => hashNow(path) !== after).map(({ path }) => path);
  if (edited.length > 0) {
    const [only = "", ...more] = edited;
    const others = more.length > 0 ? ` and ${more.length} more` : "";
    return failed(
      `${only}${others} was edited since --apply: nothing was written (name the files to bring back)`,
    );
  }
  const restored = new Set(ordered.filter((file) => !changed.includes(file)).map(({ path }) => path));
  let reason: string | undefined;
  for (const file of changed) {
    const done = bringBack(name, file);
    if (!done.ok) {
      reason = `${file.path} was not brought back: ${done.reason}`;
      break;
    }
    restored.add(file.path);
  }
  const folders = (kept.folders ?? []).toReversed().filter(removeEmpty);
  if (restored.size === kept.files.length) forget(name);
  else settleKept(name, (path) => !restored.has(path));
  if (reason !== undefined) return failed(reason);
  return ok([
    ...changed.map(({ path, before }) => ({ path, removed: before === undefined })),
    ...folders.map((path) => ({ path, removed: true })),
  ]);
}

/** False where something is in the folder, or it is gone already. */
function removeEmpty(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}

function bringBack(name: string, { path, before, after }: KeptFile): Result<void> {
  if (before === undefined) {
    try {
      rmSync(path);
      return ok(undefined);
    } catch (error) {
      return failed(whyUnwritten(error));
    }
  }
  const bytes = originalBytes(name, before);
  if (!bytes) return failed("its original is not as it was kept");
  const now = readFileSync(path);
  if (hashOf(now) !== after) return failed("it was edited since --apply");
  return putInPlace(path, bytes, { expected: now });
}

/** Undefined where there is no such file; "" where it cannot be read. */
function hashNow(path: string): string | undefined {
  try {
    return hashOf(readFileSync(path));
  } catch (error) {
    return codeOf(error) === "ENOENT" ? undefined : "";
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** What one `--apply` changed, with which `--undo` takes it back. The originals lie beside it, by content. */
interface KeptApply {
  readonly version: 1;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** In the order in which they were written. */
  readonly files: readonly KeptFile[];
  /** Folders that were made for them, the outer ones first. Applies of earlier versions do not say. */
  readonly folders?: readonly string[];
}

interface KeptFile {
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

/** How many applies are kept for each folder: a busy project does not push out another's. */
const most = 20;

function folder(): string {
  return join(stateFolder(), "undo");
}

function hashOf(bytes: Buffer): string {
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

/** Leaves only the files that were written after all, and drops the oldest applies of the same folder. */
export function settleKept(name: string, isWritten: (path: string) => boolean): void {
  const kept = readKept(name);
  const files = kept?.files.filter(({ path }) => isWritten(path)) ?? [];
  if (kept && files.length > 0) write(name, { ...kept, files });
  else forget(name);
  const place = placeOf(kept);
  const all = names().map((each) => ({ name: each, of: placeOf(readKept(each)) }));
  // What a killed apply left can bring nothing back, and the newest may be one that is at work.
  for (const group of [place, undefined])
    for (const old of all.filter(({ of }) => of === group).slice(0, -most)) forget(old.name);
}

/** The folder that an apply is about: that of its first file. */
function placeOf(kept: KeptApply | undefined): string | undefined {
  const [first] = kept?.files ?? [];
  return first && dirname(first.path);
}

export function forget(name: string): void {
  try {
    rmSync(join(folder(), name), { recursive: true, force: true });
  } catch {
    // It was never there, or somebody else's.
  }
}

/** The kept applies, the newest first. */
function keptApplies(): readonly (readonly [name: string, kept: KeptApply])[] {
  return names()
    .toReversed()
    .flatMap((name) => {
      const kept = readKept(name);
      return kept ? [[name, kept] as const] : [];
    });
}

/** The bytes that a file held; undefined where they are not as they were kept. */
function originalBytes(name: string, hash: string): Buffer | undefined {
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
