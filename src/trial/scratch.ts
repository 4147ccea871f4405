import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isOrphan, ownLabel } from "../engine/owner.ts";

/** The temporary folder of one command's trials. Nobody else can read it: hardened files hold what the user's hold. */
export interface Scratch {
  readonly folder: string;
  /** A new empty folder in it. */
  readonly make: (name: string) => string;
  readonly remove: () => void;
}

const prefix = "bulkhead-try-";

export function openScratch(): Scratch {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  try {
    writeFileSync(join(folder, "owner"), ownLabel());
  } catch (error) {
    // On a full disk: without an owner in it no sweep would know it.
    removeFolder(folder);
    throw error;
  }
  let made = 0;
  return {
    folder,
    make(name) {
      made += 1;
      const path = join(folder, `${made}-${name}`);
      mkdirSync(path);
      return path;
    },
    remove: () => removeFolder(folder),
  };
}

/** Removes the folders of commands that were killed. */
export function sweepScratch(): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(prefix)) continue;
    const folder = join(tmpdir(), name);
    const owner = ownerOf(folder);
    if (owner !== undefined && isOrphan(owner) === true) removeFolder(folder);
  }
}

function ownerOf(folder: string): string | undefined {
  try {
    return readFileSync(join(folder, "owner"), "utf8");
  } catch {
    return undefined;
  }
}

/** What another user's container wrote cannot always be removed; the next sweep by root removes it. */
function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // Said by nobody: it holds nothing of the user's.
  }
}

/** Gives a folder the owner and mode of another: an overlay shows those of its upper layer. */
export function likeFolder(folder: string, source: string): void {
  const { uid, gid, mode } = statSync(source);
  chmodSync(folder, mode & 0o7777);
  chownSync(folder, uid, gid);
}
