import { posix } from "node:path";
import { readLink, readText } from "../files.ts";
import { runningPids } from "./scan.ts";
import { parseStat, parseStatus } from "./status.ts";

/** An Engine of this machine, by its executable. */
interface EngineTree {
  readonly dockerd: number;
  /** dockerd, or the rootlesskit that made its user namespace. */
  readonly top: number;
  /** Where its shims find their containerd. */
  readonly containerd: string;
}

/** The Engines of a machine, and which processes they have of their own. */
export interface EngineTrees {
  /** Whether a process is one that an Engine runs for itself (rootlesskit, slirp4netns, containerd), by ancestry. */
  readonly isOwn: (pid: number) => boolean;
  /** The containerd sockets of the others. */
  readonly containerdsBeside: (dockerd: number) => ReadonlySet<string>;
}

export function readEngineTrees(proc: string): EngineTrees {
  const trees = runningPids(proc).flatMap((pid) => treeOf(proc, pid) ?? []);
  const tops = new Set(trees.map(({ top }) => top));
  return {
    isOwn(pid) {
      let at = pid;
      // As many steps as a process has ancestors: numbers are read one by one, and could close a circle.
      for (let steps = 0; at > 1 && steps < 64; steps++) {
        if (tops.has(at)) return true;
        // What a shim started is a container's.
        if (/^(?:containerd-shim|conmon)/.test(executableOf(proc, at))) return false;
        at = parentOf(proc, at);
      }
      return false;
    },
    containerdsBeside: (own) =>
      new Set(trees.flatMap(({ dockerd, containerd }) => (dockerd === own ? [] : [containerd]))),
  };
}

function treeOf(proc: string, dockerd: number): EngineTree | undefined {
  if (executableOf(proc, dockerd) !== "dockerd") return undefined;
  const command = readText(`${proc}/${dockerd}/cmdline`);
  const words = command.ok ? command.value.split("\0") : [];
  const user = userNamespaceOf(proc, dockerd);
  let top = dockerd;
  for (let steps = 0; steps < 16; steps++) {
    const parent = parentOf(proc, top);
    if (user === undefined || userNamespaceOf(proc, parent) !== user || isOutermost(proc, parent)) break;
    top = parent;
  }
  // rootlesskit runs itself once more in the namespaces that it made.
  const maker = parentOf(proc, top);
  if (
    top !== dockerd &&
    programOf(proc, maker) !== undefined &&
    programOf(proc, maker) === programOf(proc, top)
  )
    top = maker;
  const containerd = flagOf(words, "--containerd") ?? containerdOf(proc, dockerd, words);
  return { dockerd, top, containerd };
}

/**
 * The containerd that a dockerd started listens beside its own configuration (moby: libcontainerd/supervisor); where it started
 * none yet, below the exec root. Only what every user may read is asked.
 */
function containerdOf(proc: string, dockerd: number, words: readonly string[]): string {
  for (const pid of runningPids(proc)) {
    const name = readText(`${proc}/${pid}/comm`);
    if (!name.ok || name.value.trim() !== "containerd" || parentOf(proc, pid) !== dockerd) continue;
    const command = readText(`${proc}/${pid}/cmdline`);
    const config = command.ok ? flagOf(command.value.split("\0"), "--config") : undefined;
    if (config !== undefined) return `${posix.dirname(config)}/containerd.sock`;
  }
  return `${flagOf(words, "--exec-root") ?? "/var/run/docker"}/containerd/containerd.sock`;
}

function flagOf(words: readonly string[], flag: string): string | undefined {
  const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = words[at];
  if (word === undefined) return undefined;
  return word === flag ? words[at + 1] : word.slice(flag.length + 1);
}

/** PID 1, and what shares its user namespace: nobody climbs from a rootful dockerd into the service manager. */
function isOutermost(proc: string, pid: number): boolean {
  return pid <= 1 || userNamespaceOf(proc, pid) === userNamespaceOf(proc, 1) || hasIdentity(proc, pid);
}

function hasIdentity(proc: string, pid: number): boolean {
  const map = readText(`${proc}/${pid}/uid_map`);
  return map.ok && /^\s*0\s+0\s+4294967295\s*$/.test(map.value);
}

function userNamespaceOf(proc: string, pid: number): string | undefined {
  const read = readLink(`${proc}/${pid}/ns/user`);
  return read.ok ? read.value : undefined;
}

function programOf(proc: string, pid: number): string | undefined {
  const read = readLink(`${proc}/${pid}/exe`);
  return read.ok ? read.value : undefined;
}

/** The name of its executable; where that cannot be read, the name that the process gives itself. */
function executableOf(proc: string, pid: number): string {
  const program = programOf(proc, pid);
  if (program !== undefined) return posix.basename(program.replace(/ \(deleted\)$/, ""));
  const comm = readText(`${proc}/${pid}/comm`);
  return comm.ok ? comm.value.trim() : "";
}

/** 0 where it has ended, or has none. */
function parentOf(proc: string, pid: number): number {
  const stat = readText(`${proc}/${pid}/stat`);
  if (!stat.ok || parseStat(stat.value).ended) return 0;
  const status = readText(`${proc}/${pid}/status`);
  return status.ok ? (parseStatus(status.value).ppid ?? 0) : 0;
}
