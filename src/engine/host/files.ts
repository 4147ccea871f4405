import { type BigIntStats, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { deviceNumbers, spellNode } from "../../model/host/device-node.ts";

/** What of a host's file system is looked at; tests give their own. Nothing here throws. */
export interface HostFiles {
  read(path: string): Result<string>;
  /** The names in a folder; none where it cannot be read. */
  list(path: string): readonly string[];
  readLink(path: string): string | undefined;
  /** Without symlinks; undefined where there is nothing. */
  realPath(path: string): string | undefined;
  /** Follows symlinks. */
  stat(path: string): FileStatus | undefined;
}

export interface FileStatus {
  /** `DEVICE:INODE`: the same file under every name. */
  readonly identity: string;
  readonly isSocket: boolean;
  readonly isDirectory: boolean;
  /** The device that it is, as `b 8:0`. */
  readonly node?: string | undefined;
  /** Permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export const hostFiles: HostFiles = {
  read(path) {
    try {
      return ok(readFileSync(path, "utf8"));
    } catch (error) {
      return failed(whyUnread(error));
    }
  },
  list: (path) => attempt(() => readdirSync(path)) ?? [],
  readLink: (path) => attempt(() => readlinkSync(path)),
  realPath: (path) => attempt(() => realpathSync.native(path)),
  stat(path) {
    const found = attempt(() => statSync(path, { bigint: true }));
    return (
      found && {
        identity: `${found.dev}:${found.ino}`,
        isSocket: found.isSocket(),
        isDirectory: found.isDirectory(),
        node: nodeOf(found),
        mode: Number(found.mode & 0o7777n),
        uid: Number(found.uid),
        gid: Number(found.gid),
      }
    );
  },
};

function nodeOf(status: BigIntStats): string | undefined {
  if (!status.isBlockDevice() && !status.isCharacterDevice()) return undefined;
  const type = status.isBlockDevice() ? "b" : "c";
  return spellNode({ type, ...deviceNumbers(Number(status.rdev)) });
}

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
