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
import { whyUnwritten } from "../base/error-words.ts";
import { failed, ok, type Result } from "../base/result.ts";

export interface Placing {
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
