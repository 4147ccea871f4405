import { posix } from "node:path";
import { readLink, readText } from "../files.ts";
import { parseMountinfo } from "../mounts/mount-table.ts";
import type { EngineProcess } from "./engine-process.ts";
import { readEngineTrees } from "./engine-tree.ts";
import type { NamespaceMember } from "./namespaces.ts";
import { runningPids } from "./scan.ts";
import { parseStat, parseStatus } from "./status.ts";

/** A container that some other program made: containerd for somebody else, Podman, `unshare`. */
export interface ForeignContainer {
  /** What its cgroup is named after; for one without a cgroup of its own, its namespace. */
  readonly id: string;
  /** `containerd/default/web`, `podman/web`, `sleep/4026532301`. */
  readonly name: string;
  readonly pid: number;
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
    const { ended, started, isKernels } = parseStat(stat.ok ? stat.value : "");
    if (!stat.ok || ended || isKernels) continue;
    if (isStarting(nameOf(proc, pid), now - started)) continue;
    const before = first.get(key);
    if (!before || started < before.started) first.set(key, { pid, started });
  }
  if (first.size === 0) return [];
  const trees = readEngineTrees(proc);
  const engines = trees.containerdsBeside(engine.pid);
  return [...first].flatMap(([key, { pid }]) =>
    trees.isOwn(pid) ? [] : (describeForeign(proc, pid, key, { ids, engines }) ?? []),
  );
}

/**
 * Whether a process is too young (in clock ticks) to be told from one that a container runtime is just starting: runc enters the
 * namespaces first, under a name of its own, and changes its root file system after that.
 */
function isStarting(name: string, age: number): boolean {
  return age < 2 * ticks || (age < 30 * ticks && /^(?:runc|crun)/.test(name));
}

/** Clock ticks in a second, as /proc counts (proc_pid_stat(5)). */
const ticks = 100;

function ticksSinceBoot(proc: string): number {
  const uptime = readText(`${proc}/uptime`);
  return uptime.ok ? Number.parseFloat(uptime.value) * ticks : Number.POSITIVE_INFINITY;
}

function nameOf(proc: string, pid: number): string {
  const comm = readText(`${proc}/${pid}/comm`);
  return comm.ok ? comm.value.trim() : "";
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
  { ids, engines }: { readonly ids: readonly string[]; readonly engines: ReadonlySet<string> },
): ForeignContainer | undefined {
  const cgroup = readText(`${proc}/${pid}/cgroup`);
  const status = readText(`${proc}/${pid}/status`);
  if (!cgroup.ok || !status.ok || ids.some((id) => cgroup.value.includes(id))) return undefined;
  const { name = "", ppid = 0 } = parseStatus(status.value);
  const command = readText(`${proc}/${ppid}/cmdline`);
  const words = command.ok ? command.value.split("\0") : [];
  const flag = (wanted: string) => words[words.indexOf(wanted) + 1];
  const program = posix.basename(words[0] ?? "");
  const ofCgroup = /[0-9a-f]{64}/.exec(cgroup.value)?.[0];
  if (program.startsWith("containerd-shim")) {
    const [space = "", given = ""] = [flag("-namespace"), flag("-id")];
    if (space === "moby" && engines.has(flag("-address") ?? "")) return undefined;
    // One shim serves all containers of a pod, and is called after the first.
    const id = ofCgroup ?? given;
    return { id, pid, name: `containerd/${space}/${id === given ? id : id.slice(0, 12)}` };
  }
  if (program === "conmon") {
    const id = flag("-c") ?? ofCgroup ?? namespace;
    return {
      id,
      pid,
      name: `${command.ok && command.value.includes("podman") ? "podman" : "conmon"}/${flag("-n") ?? id}`,
    };
  }
  return { id: ofCgroup ?? namespace, pid, name: `${name}/${/\d+/.exec(namespace)?.[0]}` };
}
