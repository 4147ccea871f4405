import type { Process } from "../../model/container/process.ts";
import type { KernelContainer } from "../request.ts";
import type { ReadProcess } from "./process.ts";

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
    const process: Process = { ...each.process, role: roleOf(each, origin) };
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
