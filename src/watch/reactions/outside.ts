import { statFields } from "../../base/stat-fields.ts";
import { hostFiles } from "../../engine/host/files.ts";
import { ancestry, parseCgroup } from "../../kernel/cgroups/tree.ts";
import { ownNumberIn } from "../../kernel/processes/scan.ts";
import type { Process } from "../../model/container/process.ts";
import { isAtOrBelow } from "../../model/host/path.ts";

export interface Outside {
  /** Those that were stopped now, as `sh (PID 812)`. */
  readonly stopped: readonly string[];
  /** Those that still run, and why. */
  readonly left: readonly string[];
}

/** From a process to its children, and theirs: a fork may come between the look and the signal. */
const mostRounds = 5;

/**
 * Stops, by SIGSTOP, those of a container's processes that a pause does not hold, and all that they started: the freezer holds its own
 * cgroup and those below, and who came in from outside, or was moved away, stands in another. `proc`: the host's procfs.
 */
export function stopOutside(id: string, processes: readonly Process[], proc: string): Outside {
  const stopped: string[] = [];
  const left: string[] = [];
  const seen = new Set<number>();
  const first = processes.find(({ role }) => role === "init");
  const frozen = first && frozenAt(id, freezerOf(first.pid, proc));
  const isHeld = (pid: number) => {
    const at = freezerOf(pid, proc);
    // Of whom that does not show nothing is done: it may be held.
    return frozen === undefined || at === undefined || isAtOrBelow(at, frozen);
  };
  let next = processes
    .filter(({ starting, pid }) => !starting && !isHeld(pid))
    .map(({ pid, name, started }): Outsider => ({ pid, name, started }));
  // A signal goes to this number in our own PID namespace, which must be the one that the procfs counts in.
  const isNumberedAlike = ownNumberIn(proc) === String(process.pid);
  for (let round = 0; round < mostRounds && next.length > 0; round += 1) {
    for (const each of next) {
      seen.add(each.pid);
      const state = stateOf(each, proc);
      if (state === undefined || state === "T" || each.pid === process.pid) continue;
      const who = `${each.name} (PID ${each.pid})`;
      const why = isNumberedAlike ? signal(each.pid) : "it has another PID here";
      if (why === undefined) stopped.push(who);
      else if (why !== gone) left.push(`${who}: ${why}`);
    }
    next = next.flatMap(({ pid }) => childrenOf(pid, proc)).filter(({ pid }) => !seen.has(pid));
  }
  return { stopped, left };
}

/** The cgroup that the freezer of a process belongs to: of v1's controller, else of v2. */
function freezerOf(pid: number, proc: string): string | undefined {
  const read = hostFiles.read(`${proc}/${pid}/cgroup`);
  if (!read.ok) return undefined;
  const { controllers, unified } = parseCgroup(read.value);
  return controllers.get("freezer")?.path ?? unified;
}

/** The container's own, also where its first process moved into one below. */
function frozenAt(id: string, path: string | undefined): string | undefined {
  return path && (ancestry(path).findLast((each) => each.includes(id)) ?? path);
}

interface Outsider {
  readonly pid: number;
  readonly name: string;
  /** In clock ticks since the machine started; a number is used again. */
  readonly started: number | undefined;
}

/** `R`, `S`, `T`, … (proc_pid_stat(5)); undefined where that process has ended. */
function stateOf({ pid, started }: Outsider, proc: string): string | undefined {
  const fields = fieldsOf(pid, proc);
  const isSame = started !== undefined && fields[22] === String(started);
  return isSame && fields[3] !== "Z" && fields[3] !== "X" ? fields[3] : undefined;
}

function childrenOf(pid: number, proc: string): readonly Outsider[] {
  const threads = hostFiles.list(`${proc}/${pid}/task`);
  return threads.flatMap((thread) => {
    const read = hostFiles.read(`${proc}/${pid}/task/${thread}/children`);
    const pids = read.ok ? read.value.split(" ").filter(Boolean).map(Number) : [];
    return pids.map((child) => {
      const name = hostFiles.read(`${proc}/${child}/comm`);
      const started = Number(fieldsOf(child, proc)[22]);
      return { pid: child, name: name.ok ? name.value.trim() : "a process", started };
    });
  });
}

function fieldsOf(pid: number, proc: string): readonly (string | undefined)[] {
  const read = hostFiles.read(`${proc}/${pid}/stat`);
  return statFields(read.ok ? read.value : "");
}

const gone = "ESRCH";

/** Why it could not be sent; undefined where it was. */
function signal(pid: number): string | undefined {
  try {
    process.kill(pid, "SIGSTOP");
    return undefined;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
