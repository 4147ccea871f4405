import { lstatSync, readdirSync, readlinkSync, type Stats, statSync } from "node:fs";
import { posix } from "node:path";
import { codeOf, whyUnread } from "../../base/error-words.ts";
import type { HostFiles } from "../../engine/host/files.ts";
import { socketReach } from "../../engine/host/reach.ts";
import type { Answer, HostPathDocument } from "../judge/result.ts";
import { type OwnFile, ownFilesAt, ownFilesByPath } from "./own-files.ts";

/** What the guard can see of the host's file system. */
export interface HostEyes {
  /** Follows a path of the host as the kernel would, and says what it finds. */
  look(path: string): Answer;
}

/** As many as the kernel follows (path_resolution(7)). */
const mostLinks = 40;

/** Milliseconds for which the places of the engines' sockets count as known. */
const reachLasts = 5_000;

/**
 * Looks below `root`: "" where the guard's own file system is the host's, `/host` where the host's is mounted there.
 * Absolute links begin at that root again. `sockets` gives the paths on the host where engines may listen.
 */
export function hostEyes(
  root: string,
  sockets: () => readonly string[],
  own: () => readonly OwnFile[] = () => [],
): HostEyes {
  const files: Pick<HostFiles, "realPath" | "stat"> = {
    realPath(path) {
      const walked = walk(root, path);
      return walked.ok && walked.status ? walked.path : undefined;
    },
    stat(path) {
      const found = statSync(`${root}${path}`, { bigint: true, throwIfNoEntry: false });
      return (
        found && {
          identity: `${found.dev}:${found.ino}`,
          isSocket: found.isSocket(),
          isDirectory: found.isDirectory(),
          mode: Number(found.mode & 0o7777n),
          uid: Number(found.uid),
          gid: Number(found.gid),
        }
      );
    },
  };
  const ownAt = ownFilesAt(own, { ...files, list: (path) => namesIn(`${root}${path}`) });
  let reach = new Map<string, readonly string[]>() as ReturnType<typeof socketReach>;
  let reachKnown = 0;

  function socketsAt(path: string): readonly string[] {
    if (Date.now() - reachKnown > reachLasts) {
      reach = socketReach(sockets(), files);
      reachKnown = Date.now();
    }
    const identity = files.stat(path)?.identity;
    return (identity !== undefined && reach.get(identity)) || [];
  }

  return {
    look(path) {
      if (!path.startsWith("/")) return { state: "unknown", reason: "it is not an absolute path" };
      // The Engine takes .. away by the letters, the kernel follows links first.
      if (path.split("/").includes(".."))
        return { state: "unknown", reason: "a path with .. has two readings" };
      const walked = walk(root, path);
      if (!walked.ok) return { state: "unknown", reason: walked.reason };
      const document: HostPathDocument = {
        type: walked.status ? typeOf(walked.status) : "missing",
        sockets: walked.status ? [...new Set(socketsAt(walked.path))] : [],
        links: walked.links,
      };
      const own = ownAt([path, walked.path], walked.status && walked.path);
      return { state: "found", id: walked.path, document, own };
    },
  };
}

/** Eyes that see nothing, and why. */
export function blindEyes(reason: string, own: () => readonly OwnFile[] = () => []): HostEyes {
  return {
    look: (path) => ({ state: "unknown", reason, isBlind: true, own: ownFilesByPath([path], own()) }),
  };
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

type Walked =
  /** Without links; `status` undefined where there is nothing: the last parts are then as they were asked for. */
  | {
      readonly ok: true;
      readonly path: string;
      readonly status: Stats | undefined;
      readonly links: readonly string[];
    }
  | { readonly ok: false; readonly reason: string };

function walk(root: string, path: string): Walked {
  const links: string[] = [];
  let at = "/";
  const parts = path.split("/").filter(isPart);
  while (parts.length > 0) {
    const part = parts.shift() ?? "";
    if (part === "..") {
      at = posix.dirname(at);
      continue;
    }
    const next = posix.join(at, part);
    try {
      if (!lstatSync(`${root}${next}`).isSymbolicLink()) {
        at = next;
        continue;
      }
      if (isAnothers(next)) return { ok: true, path: posix.join(next, ...parts), status: undefined, links };
      links.push(next);
      if (links.length > mostLinks) return { ok: false, reason: "too many symbolic links" };
      const target = readlinkSync(`${root}${next}`);
      if (target.startsWith("/")) at = "/";
      parts.unshift(...target.split("/").filter(isPart));
    } catch (error) {
      const code = codeOf(error);
      if (code !== "ENOENT" && code !== "ENOTDIR") return { ok: false, reason: whyUnread(error) };
      if (parts.includes(".."))
        return { ok: false, reason: "a link on it leads through what does not exist" };
      return { ok: true, path: posix.join(next, ...parts), status: undefined, links };
    }
  }
  return { ok: true, path: at, status: statOf(`${root}${at}`), links };
}

/**
 * Whether it is a link by which the kernel leads to what a process has open, its root or its folder. What readlink says of it
 * is the process's own view: in a container, `/` is the container's. It is left as it stands, below the host's /proc, and init's
 * are followed: its root is the host's.
 *
 * @see https://man7.org/linux/man-pages/man5/proc_pid_root.5.html
 */
function isAnothers(path: string): boolean {
  return /^\/proc\/(?!1\/)\d+\//.test(path);
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function isPart(part: string): boolean {
  return part !== "" && part !== ".";
}

function typeOf(status: Stats): HostPathDocument["type"] {
  if (status.isDirectory()) return "directory";
  if (status.isFile()) return "file";
  if (status.isSocket()) return "socket";
  return status.isBlockDevice() || status.isCharacterDevice() ? "device" : "other";
}
