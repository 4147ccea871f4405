import { posix } from "node:path";
import { readLink, readText } from "../files.ts";
import { parseMountinfo } from "../mounts/mount-table.ts";
import type { EngineProcess } from "./engine-process.ts";
import type { NamespaceMember } from "./namespaces.ts";
import { isNetworkHelper } from "./network-helper.ts";
import { runningPids } from "./scan.ts";
import { parseStat, parseStatus } from "./status.ts";

/** A container that some other program made: containerd for somebody else, Podman, `unshare`. */
interface ForeignContainer {
  /** What its cgroup is named after; for one without a cgroup of its own, its namespace. */
  readonly id: string;
  /** `containerd/default/web`, `podman/web`, `sleep/4026532301`. */
  readonly name: string;
  readonly pid: number;
  /** No container runtime made it. */
  readonly byProgram: boolean;
}

/** The containers that the Engine knows: those of which the kernel was read, and the ids of all. */
export interface KnownContainers {
  readonly members: readonly NamespaceMember[];
  readonly ids: readonly string[];
}

/**
 * The containers on this machine that the Engine does not know: processes with a PID namespace, or a root file system, that is
 * neither the host's nor a known container's. What runs in the cgroup of a known container is that one's (Docker in Docker),
 * and what another Docker Engine of this machine runs is that Engine's. A service with a mount namespace of its own and the
 * host's root file system (systemd's PrivateTmp) is no container.
 */
export function findForeign(
  proc: string,
  engine: EngineProcess,
  { members, ids }: KnownContainers,
): readonly ForeignContainer[] {
  const hostPid = engine.namespaces.pid;
  const hosts = [`${proc}/1`, "/proc/self"].map((folder) => readLink(`${folder}/ns/pid`));
  // To an Engine that is in a container itself, all of the host would be foreign.
  if (hostPid.state !== "set" || !hosts.some((each) => each.ok && each.value === hostPid.value)) return [];
  const skipped = new Set(namespacesOf(members));
  const hostRoot = rootOf(`${proc}/1`) ?? rootOf(engine.folder);
  const isHosts = hostProcesses(proc, engine);
  const now = ticksSinceBoot(proc);
  const first = new Map<string, { readonly pid: number; readonly started: number }>();
  for (const pid of runningPids(proc)) {
    const mounts = readLink(`${proc}/${pid}/ns/mnt`);
    if (!mounts.ok) continue;
    const ids = readLink(`${proc}/${pid}/ns/pid`);
    if (!ids.ok || skipped.has(ids.value)) continue;
    const ownsIds = ids.value !== hostPid.value;
    if (!ownsIds && (skipped.has(mounts.value) || rootOf(`${proc}/${pid}`) === hostRoot)) {
      skipped.add(mounts.value);
      continue;
    }
    const key = ownsIds ? ids.value : mounts.value;
    const stat = readText(`${proc}/${pid}/stat`);
    const { ended, started, isKernels, forkedOnly } = parseStat(stat.ok ? stat.value : "");
    if (!stat.ok || ended || isKernels) continue;
    const age = now - started;
    if (age < 2 * ticks || (age < 30 * ticks && forkedOnly && isRuntimes(parentOf(proc, pid)))) continue;
    if (isNetworkHelper(proc, pid)) continue;
    const before = first.get(key);
    if (!before || started < before.started) first.set(key, { pid, started });
  }
  if (first.size === 0) return [];
  const trees = readEngineTrees(proc, isHosts);
  const engines = trees.containerdsBeside(engine.pid);
  return [...first].flatMap(([key, { pid }]) =>
    trees.isOwn(pid) ? [] : (describeForeign(proc, pid, key, { ids, engines, isHosts }) ?? []),
  );

  /** A runtime forks the container's first process, which enters the namespaces before it executes the program. */
  function isRuntimes(parent: number): boolean {
    return runtimes.test(executableOf(proc, parent)) && isHosts(parent);
  }
}

/** Programs that start containers, or that their orphans fall to, by their files' names. */
const runtimes = /^(?:runc|crun|youki|containerd-shim.*|conmon|dockerd|buildkitd|podman|buildah)$/;

/**
 * Recognises processes of the host's root, or of the Engine's user beside it: those in the namespaces and the root file system of the
 * host's first process or of the Engine. No process in a container is, and none of another user.
 */
function hostProcesses(proc: string, engine: EngineProcess): (pid: number) => boolean {
  const identityOf = (folder: string) => {
    const status = readText(`${folder}/status`);
    const links = ["pid", "user"].map((kind) => readLink(`${folder}/ns/${kind}`));
    const root = rootOf(folder);
    if (!status.ok || root === undefined || links.some(({ ok }) => !ok)) return undefined;
    return [parseStatus(status.value).uid, root, ...links.map((link) => link.ok && link.value)].join(" ");
  };
  const hosts = [`${proc}/1`, engine.folder].map(identityOf);
  return (pid) => {
    const own = identityOf(`${proc}/${pid}`);
    return own !== undefined && hosts.includes(own);
  };
}

/** Clock ticks in a second, as /proc counts (proc_pid_stat(5)). */
const ticks = 100;

function ticksSinceBoot(proc: string): number {
  const uptime = readText(`${proc}/uptime`);
  return uptime.ok ? Number.parseFloat(uptime.value) * ticks : Number.POSITIVE_INFINITY;
}

function namespacesOf(members: readonly NamespaceMember[]): readonly string[] {
  return members.flatMap(({ namespaces, sharesHost }) =>
    (["pid", "mnt"] as const).flatMap((kind) => {
      const own = namespaces[kind];
      const shares = sharesHost[kind];
      const isOwn = shares.state === "set" && !shares.value;
      return own.state === "set" && isOwn ? [own.value] : [];
    }),
  );
}

/** The place of a process's root file system; undefined where it cannot be read. */
function rootOf(folder: string): string | undefined {
  const read = readText(`${folder}/mountinfo`);
  const entry = read.ok ? parseMountinfo(read.value).findLast(({ target }) => target === "/") : undefined;
  return entry && `${entry.device}:${entry.root}`;
}

function describeForeign(
  proc: string,
  pid: number,
  namespace: string,
  {
    ids,
    engines,
    isHosts,
  }: {
    readonly ids: readonly string[];
    readonly engines: ReadonlySet<string>;
    readonly isHosts: (pid: number) => boolean;
  },
): ForeignContainer | undefined {
  const cgroup = readText(`${proc}/${pid}/cgroup`);
  const status = readText(`${proc}/${pid}/status`);
  if (!cgroup.ok || !status.ok || ids.some((id) => cgroup.value.includes(id))) return undefined;
  const { name = "", ppid = 0 } = parseStatus(status.value);
  const command = readText(`${proc}/${ppid}/cmdline`);
  const words = command.ok ? command.value.split("\0") : [];
  const flag = (wanted: string) => words[words.indexOf(wanted) + 1];
  // Anyone can choose the name in the command line.
  const program = executableOf(proc, ppid);
  const ofCgroup = /[0-9a-f]{64}/.exec(cgroup.value)?.[0];
  if (program.startsWith("containerd-shim")) {
    const [space = "", given = ""] = [flag("-namespace"), flag("-id")];
    const isEngines = isHosts(ppid) || isRootless(proc, ppid);
    if (space === "moby" && isEngines && engines.has(flag("-address") ?? "")) return undefined;
    // One shim serves all containers of a pod, and is called after the first.
    const id = ofCgroup ?? given;
    return { id, pid, byProgram: false, name: `containerd/${space}/${id === given ? id : id.slice(0, 12)}` };
  }
  if (program === "conmon") {
    const id = flag("-c") ?? ofCgroup ?? namespace;
    return {
      id,
      pid,
      byProgram: false,
      name: `${command.ok && command.value.includes("podman") ? "podman" : "conmon"}/${flag("-n") ?? id}`,
    };
  }
  return { id: ofCgroup ?? namespace, pid, byProgram: true, name: `${name}/${/\d+/.exec(namespace)?.[0]}` };
}

/** An Engine of this machine, by its executable. */
interface EngineTree {
  readonly dockerd: number;
  /** dockerd, or the rootlesskit that made its user namespace. */
  readonly top: number;
  /** Where its shims find their containerd. */
  readonly containerd: string;
}

/** The Engines of a machine, and which processes they have of their own. */
interface EngineTrees {
  /** Whether a process is one that an Engine runs for itself (rootlesskit, slirp4netns, containerd), by ancestry. */
  readonly isOwn: (pid: number) => boolean;
  /** The containerd sockets of the others. */
  readonly containerdsBeside: (dockerd: number) => ReadonlySet<string>;
}

function readEngineTrees(proc: string, isHosts: (pid: number) => boolean): EngineTrees {
  const trees = runningPids(proc).flatMap((pid) => treeOf(proc, pid, isHosts) ?? []);
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

function treeOf(proc: string, dockerd: number, isHosts: (pid: number) => boolean): EngineTree | undefined {
  if (executableOf(proc, dockerd) !== "dockerd") return undefined;
  if (!isHosts(dockerd) && !isRootless(proc, dockerd)) return undefined;
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

/** A rootless Engine's process is in a user namespace, where it holds nothing that its user does not. */
function isRootless(proc: string, pid: number): boolean {
  const own = userNamespaceOf(proc, pid);
  return own !== undefined && own !== userNamespaceOf(proc, 1) && !hasIdentity(proc, pid);
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
