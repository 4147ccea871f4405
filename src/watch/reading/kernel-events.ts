import { ok, type Result } from "../../base/result.ts";
import { openInstance, type TraceInstance } from "../../engine/tracefs.ts";

/** A call that may have changed what a container's processes hold, see or are held to. */
export interface KernelCall {
  /** `setns`, `mount`, …: the system call; `cgroup.procs`: a process was moved to another cgroup. */
  readonly call: string;
  /** The process that it concerns: the caller, or who was moved. */
  readonly pid: number;
  /** The task that called. */
  readonly caller: number;
  /** The caller's name, which it chose itself. */
  readonly process: string;
}

/** A task of the Engine's names forked another one, or is about to become another program. */
export type KernelStart =
  | { readonly start: "fork"; readonly caller: number; readonly child: number }
  | { readonly start: "exec"; readonly caller: number; readonly process: string };

/** What happened since the last read, and how many events the kernel dropped because they came too fast. */
export interface KernelCalls {
  readonly calls: readonly (KernelCall | KernelStart)[];
  readonly lost: number;
}

export interface KernelEvents {
  /** Calls of the whole machine that bring a process into a container, or change what is mounted or which cgroup holds. */
  entries(): KernelCalls;
  /** Calls of the followed processes that may give them other rights. */
  rights(): KernelCalls;
  /** Follows these tasks and all that they start (set_event_pid with the option event-fork). */
  follow(tasks: readonly number[]): void;
  close(): void;
}

/**
 * Calls that change nothing of a container but its mounts. A mount is one call or, since Linux 5.2, several: fsmount(2),
 * fsconfig(2), mount_setattr(2).
 */
export const mountingCalls = ["mount", "umount", "move_mount", "mount_setattr", "fsconfig", "pivot_root"];
const entering = ["setns", ...mountingCalls];
const attach = "cgroup/cgroup_attach_task";

/**
 * How the Engine's processes come from one another. The names only spare events of others: who is the Engine's is decided by
 * ancestry. `exe` is dockerd's helper.
 */
const ofEngine = ["dockerd*", "containerd*", "runc*", "crun*", "docker-*", "exe"];
const starting = ["sched/sched_process_fork", "syscalls/sys_enter_execve", "syscalls/sys_enter_execveat"];

/**
 * A setuid program gains its rights with execve(2). A child that is only forked holds what its parent does, which was looked at:
 * forks are followed, and tell nothing.
 */
const gaining = ["execve", "execveat", "setuid", "setreuid", "setresuid", "capset", "unshare"];

/** Kibibytes for each CPU: some thousand events between two reads. */
const bufferKib = 256;

/**
 * Asks the kernel to tell of these calls as they happen. Entries are told of the whole machine. Rights are told of followed
 * processes alone, and the kernel leaves out all others: what the host starts costs nothing. Fails with why it cannot.
 */
export function openKernelEvents(): Result<KernelEvents> {
  const entries = openCalls("entries", entering, [attach], starting);
  if (!entries.ok) return entries;
  const rights = openCalls("rights", gaining, [], []);
  if (!rights.ok) {
    entries.value.close();
    return rights;
  }
  return ok({
    entries: reader(entries.value),
    rights: reader(rights.value),
    follow: (tasks) => rights.value.append("set_event_pid", `${tasks.join(" ")} `),
    close() {
      entries.value.close();
      rights.value.close();
    },
  });
}

function openCalls(
  name: string,
  calls: readonly string[],
  others: readonly string[],
  starts: readonly string[],
): Result<TraceInstance> {
  const exits = calls.map((call) => `syscalls/sys_exit_${call}`);
  const opened = openInstance([...exits, ...others, ...starts], bufferKib, name);
  if (!opened.ok) return opened;
  const { write, close } = opened.value;
  try {
    // Without any process to follow the kernel would tell of all.
    if (others.length === 0) write("set_event_pid", String(process.pid));
    for (const event of exits) {
      write(`events/${event}/filter`, "ret == 0");
      write(`events/${event}/enable`, "1");
    }
    for (const event of starts) {
      write(`events/${event}/filter`, ofEngine.map((each) => `COMM ~ "${each}"`).join(" || "));
      write(`events/${event}/enable`, "1");
    }
    for (const event of others) write(`events/${event}/enable`, "1");
  } catch (error) {
    close();
    throw error;
  }
  return opened;
}

function reader({ read }: TraceInstance): () => KernelCalls {
  let rest = "";
  return () => {
    const lines = `${rest}${read()}`.split("\n");
    rest = lines.pop() ?? "";
    return parseKernelEvents(lines);
  };
}

const prefix = String.raw`^ *(.*)-(\d+) +\[\d+\] \S+ +\d+\.\d+: `;
const callPattern = new RegExp(`${prefix}(?:sys_(\\w+) -> 0x0|cgroup_attach_task: .* pid=(\\d+) comm=.*)$`);
const startPattern = new RegExp(
  `${prefix}(?:sched_process_fork: .* child_pid=(\\d+)|sys_execve(?:at)?\\(.*)$`,
);

/** Lines of trace_pipe; others than those of the events above are left out. */
export function parseKernelEvents(lines: readonly string[]): KernelCalls {
  let lost = 0;
  const calls = lines.flatMap((line): readonly (KernelCall | KernelStart)[] => {
    lost += Number(/^CPU:\d+ \[LOST (\d+) EVENTS\]$/.exec(line)?.[1] ?? 0);
    const [, process, task, call, moved] = callPattern.exec(line) ?? [];
    const caller = Number(task);
    if (process !== undefined)
      return [{ call: call ?? "cgroup.procs", pid: Number(moved ?? task), caller, process }];
    const [, name, starter, child] = startPattern.exec(line) ?? [];
    if (name === undefined) return [];
    return child === undefined
      ? [{ start: "exec", caller: Number(starter), process: name }]
      : [{ start: "fork", caller: Number(starter), child: Number(child) }];
  });
  return { calls, lost };
}
