import { readFileSync, realpathSync, rmdirSync, rmSync } from "node:fs";
import { resolve, sep } from "node:path";
import { codeOf, whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { putInPlace } from "../apply.ts";
import { forget, hashOf, type KeptFile, keptApplies, originalBytes, settleKept } from "./kept.ts";

export interface Undone {
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
