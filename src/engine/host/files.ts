import { type BigIntStats, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { posix } from "node:path";
import { whyUnread } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Device } from "../../model/container-values.ts";
import type { SocketFile } from "../../model/engine.ts";
import type { FactList } from "../../model/fact.ts";
import { deviceNumbers, spellNode } from "../../model/host/device-node.ts";
import { type Acl, letIn, readAcl } from "./acl.ts";

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
  /** Whom the file's ACL names. Left out: nothing is known of ACLs. */
  acl?(path: string): Acl;
}

/** Who may write a file beside its owner and its group. The group's bits are the mask of an ACL: without w it lets nobody in. */
export function readWriters(
  path: string,
  mode: number,
  files: HostFiles,
): Pick<SocketFile, "openTo" | "acl"> {
  const acl = (mode & 0o020) === 0 ? [] : (files.acl?.(path) ?? []);
  const openTo = letIn(acl);
  return { ...(openTo !== undefined && { openTo }), ...(typeof acl === "string" && { acl }) };
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
  acl: readAcl,
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

/** Entries of a folder of devices that are looked at: more than a whole /dev of a big host. */
const most = 4096;

/**
 * The devices of a container with what they are on the host. The Engine takes every device below a folder (moby:
 * daemon/pkg/oci/devices_linux.go). A name that is no path (CDI, a GPU) stands for devices that its driver chooses.
 */
export function withNodes(
  devices: FactList<Device>,
  files: Pick<HostFiles, "list" | "stat">,
): FactList<Device> {
  return devices.map((item) => {
    if (item.state !== "set" || !item.value.hostPath.startsWith("/")) return item;
    const nodes = nodesAt(item.value.hostPath, files);
    return nodes ? { ...item, value: { ...item.value, nodes } } : item;
  });
}

function nodesAt(path: string, files: Pick<HostFiles, "list" | "stat">): readonly string[] | undefined {
  const status = files.stat(path);
  if (status?.node !== undefined) return [status.node];
  if (!status?.isDirectory) return undefined;
  const found: string[] = [];
  const pending = [path];
  for (let seen = 0; pending.length > 0; ) {
    const folder = pending.pop() ?? path;
    for (const name of files.list(folder)) {
      seen += 1;
      if (seen > most) return undefined;
      const entry = files.stat(posix.join(folder, name));
      if (entry?.node !== undefined) found.push(entry.node);
      else if (entry?.isDirectory) pending.push(posix.join(folder, name));
    }
  }
  return found;
}
