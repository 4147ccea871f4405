import type { Process } from "../../model/container/process.ts";
import { type SetFact, set } from "../../model/fact.ts";
import { type CgroupMembership, parseCgroup } from "../cgroups/tree.ts";
import { readText } from "../files.ts";
import type { KernelContainer } from "../request.ts";
import { isAlive, type ReadProcess } from "./process.ts";

/** The container's processes with their roles, and those of each exec. */
export interface Roles {
  readonly processes: readonly Process[];
  readonly execs: ReadonlyMap<string, readonly Process[]>;
}

/**
 * Tells where each process came from by its ancestors: the container's first process, an exec, or neither.
 *
 * A child of the first process's parent (the shim) that is no exec of the Engine came in from outside: `ctr task exec` starts
 * one. With `--pid=host` orphans go to the shim, too, and are children.
 */
export function assignRoles(
  container: KernelContainer,
  read: readonly ReadProcess[],
  sharesHostPid: boolean,
): Roles {
  const byPid = new Map(read.map((each) => [each.process.pid, each]));
  const execOf = new Map(container.execPids.map(({ execId, pid }) => [pid, execId]));
  const shim = byPid.get(container.pid)?.ppid;
  const execs = new Map<string, Process[]>(container.execPids.map(({ execId }) => [execId, []]));
  const processes = read.map((each) => {
    const origin = rootOf(each, byPid, execOf, container.pid);
    // Only the kernel sets and clears the mark, and the program of a container cannot set it on itself.
    const isFirst = each.process.pid === container.pid || execOf.has(each.process.pid);
    const process: Process = {
      ...each.process,
      role: roleOf(each, origin),
      ...(isFirst && each.forkedOnly && { starting: true }),
    };
    const exec = execOf.get(origin.process.pid);
    if (exec !== undefined) execs.get(exec)?.push(process);
    return process;
  });
  return { processes, execs: new Map([...execs].filter(([, members]) => members.length > 0)) };

  function roleOf(each: ReadProcess, origin: ReadProcess): Process["role"] {
    if (each.process.pid === container.pid) return "init";
    if (origin.process.pid === container.pid) return "child";
    if (execOf.has(origin.process.pid)) return "exec";
    if (shim !== undefined && shim !== 0 && origin.ppid === shim) return sharesHostPid ? "child" : "entered";
    return "entered";
  }
}

/** The topmost ancestor inside the container, or the exec or first process that is met on the way. */
function rootOf(
  start: ReadProcess,
  byPid: ReadonlyMap<number, ReadProcess>,
  execOf: ReadonlyMap<number, string>,
  init: number,
): ReadProcess {
  let current = start;
  // Pids are read one by one, so that a pid used again could close a circle: as many steps as processes.
  for (let steps = byPid.size; steps > 0; steps--) {
    if (current.process.pid === init || execOf.has(current.process.pid)) return current;
    const parent = current.ppid === undefined ? undefined : byPid.get(current.ppid);
    if (!parent) return current;
    current = parent;
  }
  return current;
}

/** The controllers of cgroup v1 in which the Engine makes a cgroup for each container, and that limit. */
const limiting = ["memory", "pids", "cpu", "cpuset", "blkio", "devices"];

/**
 * Tells of each process of a container in which cgroups it stands that are not the container's: somebody moved it, and the
 * limits over there hold for it. Who came in from outside (nsenter) never stood in them. Where no process of the
 * container stands in a cgroup that is named after it, the engine makes none, and nothing can be told.
 */
export function withStrays(
  processes: readonly Process[],
  container: { readonly id: string; readonly pid: number; readonly membership: CgroupMembership | undefined },
  proc: string,
): readonly Process[] {
  const placed = processes.map((process) => {
    const file = `${proc}/${process.pid}/cgroup`;
    if (process.pid === container.pid) return { process, file, membership: container.membership };
    const read = process.role === "entered" ? undefined : readText(file);
    return { process, file, membership: read?.ok ? parseCgroup(read.value) : undefined };
  });
  const isHome = (path: string) => path.includes(container.id);
  const hasHome = placed.some(({ membership }) => places(membership).some(({ path }) => isHome(path)));
  if (!hasHome) return processes;
  return placed.flatMap(({ process, file, membership }) => {
    const stray = strayIn(membership, isHome, file);
    if (!stray) return process;
    // One that is ending was taken out of its cgroups by the kernel.
    return isAlive(`${proc}/${process.pid}`) ? { ...process, strayCgroup: stray } : [];
  });
}

function strayIn(
  membership: CgroupMembership | undefined,
  isHome: (path: string) => boolean,
  file: string,
): SetFact<string> | undefined {
  const away = places(membership).filter(({ path }) => !isHome(path));
  if (away.length === 0) return undefined;
  return set(away.map(({ controller, path }) => `${controller}:${path}`).join(", "), { kernel: file });
}

/** Where limits come from: the controllers of v1, or the one tree of v2 (which holds none beside v1 ones). */
function places(
  membership: CgroupMembership | undefined,
): readonly { readonly controller: string; readonly path: string }[] {
  if (!membership) return [];
  const { controllers, unified } = membership;
  if (controllers.size === 0) return unified === undefined ? [] : [{ controller: "", path: unified }];
  return limiting.flatMap((controller) => {
    const path = controllers.get(controller)?.path;
    return path === undefined ? [] : [{ controller, path }];
  });
}
