import { readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

/**
 * Whether git tracks a file; undefined where its index cannot be read. It is read here, since git itself runs programs that a
 * repository's configuration names.
 * https://git-scm.com/docs/index-format
 */
export function gitTracks(): (path: string) => boolean | undefined {
  const known = new Map<string, ReadonlySet<string> | undefined>();
  return (path) => {
    const file = resolve(path);
    const top = topOf(dirname(file));
    if (top === undefined) return false;
    const tracked = known.has(top) ? known.get(top) : indexOf(top);
    known.set(top, tracked);
    return tracked?.has(relative(top, file).replaceAll(sep, "/"));
  };
}

function topOf(folder: string): string | undefined {
  if (statSync(join(folder, ".git"), { throwIfNoEntry: false })) return folder;
  const above = dirname(folder);
  return above === folder ? undefined : topOf(above);
}

/** Undefined where it cannot be read. */
function indexOf(top: string): ReadonlySet<string> | undefined {
  try {
    const git = join(top, ".git");
    // A worktree and a submodule have a file there: `gitdir: PATH`.
    const folder = statSync(git).isDirectory()
      ? git
      : resolve(
          top,
          readFileSync(git, "utf8")
            .replace(/^gitdir:\s*/, "")
            .trimEnd(),
        );
    const path = join(folder, "index");
    // Before the first `git add` there is none.
    if (!statSync(path, { throwIfNoEntry: false })) return new Set();
    const index = readFileSync(path);
    return namesIn(index, 20) ?? namesIn(index, 32);
  } catch {
    return undefined;
  }
}

/** Times, sizes and owner stand before the object's name. */
const statBytes = 40;
const extended = 0x4000;
const nameLength = 0xfff;

/**
 * Undefined where the names have not the lengths that the index gives (the hashes are of another size), and where some are in a
 * shared index.
 */
function namesIn(index: Buffer, hashBytes: number): ReadonlySet<string> | undefined {
  const version = index.readUInt32BE(4);
  const names = new Set<string>();
  if (index.toString("latin1", 0, 4) !== "DIRC" || version < 2 || version > 4) return undefined;
  let at = 12;
  let last = "";
  for (let left = index.readUInt32BE(8); left > 0; left -= 1) {
    const start = at;
    at += statBytes + hashBytes;
    const flags = index.readUInt16BE(at);
    at += flags & extended ? 4 : 2;
    if (version === 4) {
      // The name without what it shares with the one before: how many bytes of that go, then the rest.
      let byte = index.readUInt8(at++);
      let gone = byte & 127;
      while (byte & 128) {
        byte = index.readUInt8(at++);
        gone = ((gone + 1) << 7) | (byte & 127);
      }
      const end = index.indexOf(0, at);
      last = last.slice(0, last.length - gone) + index.toString("latin1", at, end);
      at = end + 1;
    } else {
      const end = index.indexOf(0, at);
      last = index.toString("latin1", at, end);
      at = start + ((end - start + 8) & ~7);
    }
    if (Math.min(last.length, nameLength) !== (flags & nameLength)) return undefined;
    names.add(Buffer.from(last, "latin1").toString("utf8"));
  }
  return index.toString("latin1", at, at + 4) === "link" ? undefined : names;
}
