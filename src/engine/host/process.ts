import { posix } from "node:path";
import { statFields } from "../../base/stat-fields.ts";
import type { HostFiles } from "./files.ts";

export interface DaemonProcess {
  readonly pid: number;
  readonly name: string;
}

interface RunningDaemon extends DaemonProcess {
  readonly parent: number;
}

const daemonNames = ["dockerd", "docker", "podman", "docker-daemon"];

/**
 * The process that holds the listening end of a unix socket. Where descriptors may not be looked at (not root), the only
 * daemon that there is counts, if one is.
 */
export function findDaemon(socketPath: string, proc: string, files: HostFiles): DaemonProcess | undefined {
  const daemons = files
    .list(proc)
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const name = programOf(`${proc}/${entry}`, files);
      const parent = daemonNames.includes(name) ? parentOf(`${proc}/${entry}`, files) : undefined;
      return parent === undefined ? [] : [{ pid: Number(entry), name, parent }];
    });
  const owners = daemons.filter(({ pid }) => listensOn(`${proc}/${pid}`, socketPath, files));
  const owner = firstOf(owners)[0];
  if (owner) return owner;
  const [only, ...others] = firstOf(daemons.filter(({ name }) => name === "dockerd"));
  const isBlind = only !== undefined && files.list(`${proc}/${only.pid}/fd`).length === 0;
  return isBlind && others.length === 0 && isOfSameUser(`${proc}/${only.pid}`, socketPath, files)
    ? only
    : undefined;
}

/** Whether a daemon may have made the socket: it belongs to the user whom the daemon runs as. Not known: it may. */
function isOfSameUser(folder: string, socketPath: string, files: HostFiles): boolean {
  const status = files.read(`${folder}/status`);
  const uid = status.ok ? /^Uid:\s*\d+\s+(\d+)/m.exec(status.value)?.[1] : undefined;
  const socket = files.stat(socketPath);
  return uid === undefined || socket === undefined || socket.uid === Number(uid);
}

/** A process's name; a rootless podman starts itself anew in its user namespace as /proc/self/exe, whose name is `exe`. */
function programOf(folder: string, files: HostFiles): string {
  const comm = files.read(`${folder}/comm`);
  const name = comm.ok ? comm.value.trim() : "";
  return name === "exe" ? posix.basename(files.readLink(`${folder}/exe`) ?? name) : name;
}

/**
 * Those that none of the others started. A daemon that starts a program is two for a moment: until its child is that program, it
 * has the same name and sockets.
 */
function firstOf(all: readonly RunningDaemon[]): readonly RunningDaemon[] {
  return all.filter(({ parent }) => !all.some(({ pid }) => pid === parent));
}

/** Undefined where the process has ended. */
function parentOf(folder: string, files: HostFiles): number | undefined {
  const stat = files.read(`${folder}/stat`);
  return stat.ok ? Number(statFields(stat.value)[4]) : undefined;
}

/** Whether a process listens on the unix socket at a path. */
export function listensOn(folder: string, socketPath: string, files: HostFiles): boolean {
  const inodes = listeningInodes(folder, socketPath, files);
  return inodes.size > 0 && socketsOf(folder, files).some((inode) => inodes.has(inode));
}

/** The inodes of sockets that a process has open. */
export function socketsOf(folder: string, files: HostFiles): readonly string[] {
  return files.list(`${folder}/fd`).flatMap((descriptor) => {
    const inode = /^socket:\[(\d+)\]$/.exec(files.readLink(`${folder}/fd/${descriptor}`) ?? "")?.[1];
    return inode === undefined ? [] : [inode];
  });
}

/**
 * /proc/PID/net/unix: `Num RefCount Protocol Flags Type St Inode Path`. The path is as the daemon bound it, which may lead
 * through a symlink (/var/run).
 */
function listeningInodes(folder: string, socketPath: string, files: HostFiles): ReadonlySet<string> {
  const table = files.read(`${folder}/net/unix`);
  const wanted = canonical(socketPath, files);
  const inode = files.stat(socketPath)?.identity;
  // In a container the socket may be mounted under another name: it is the same file below the daemon's own root.
  const isThis = (path: string) =>
    canonical(path, files) === wanted ||
    (inode !== undefined && files.stat(`${folder}/root${path}`)?.identity === inode);
  const lines = table.ok ? table.value.split("\n") : [];
  return new Set(
    lines.flatMap((line) => {
      const [, , , flags, , , inode, ...path] = line.trim().split(/\s+/);
      const isListening = flags === "00010000" && path[0]?.startsWith("/");
      return isListening && inode !== undefined && isThis(path.join(" ")) ? [inode] : [];
    }),
  );
}

function canonical(path: string, files: HostFiles): string {
  return posix.join(files.realPath(posix.dirname(path)) ?? posix.dirname(path), posix.basename(path));
}

/**
 * The values of a flag on a daemon's command line, in every spelling that Go's pflag takes: `--host=X`, `--host X`,
 * `-H X`, `-HX`. A flag alone (`--rootless`) is `true` where another flag follows. Only what is needed to find files
 * and sockets is read here: the formats know all of dockerd's flags.
 */
export function flagValues(words: readonly string[], names: readonly string[]): readonly string[] {
  return words.flatMap((word, index) => {
    const name = names.find(
      (each) => word === each || word.startsWith(each.startsWith("--") ? `${each}=` : each),
    );
    if (name === undefined) return [];
    if (word !== name) return [word.slice(name.length).replace(/^=/, "")];
    const next = words[index + 1];
    return [next === undefined || next.startsWith("-") ? "true" : next];
  });
}
