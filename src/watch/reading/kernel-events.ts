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
  /** Milliseconds between the first event and the last, on the kernel's clock. */
  readonly span: number;
}

export interface KernelEvents {
  /** Calls of the whole machine that bring a process into a container, or change what is mounted or which cgroup holds. */
  entries(): KernelCalls;
  /** Calls of the followed processes that may give them other rights. */
  rights(): KernelCalls;
  /** Follows these tasks and all that they start (set_event_pid with the option event-fork). */
  follow(tasks: readonly number[]): void;
  /** Whether forks of followed processes are told among the rights. */
  tellForks(on: boolean): void;
  /**
   * Leaves out these tasks, and all that they start, of the rights (set_event_notrace_pid), and drops what waits to be read of
   * them and of all others. False where the kernel cannot: before Linux 5.8.
   */
  mute(tasks: readonly number[]): boolean;
  /** Nobody is left out any more. */
  unmute(): void;
  /**
   * What somebody else switched off or changed since; it is as it was again then, but for who is followed. Some of `followed` are;
   * `isMuted`: some are left out.
   */
  restore(known: { readonly followed: readonly number[]; readonly isMuted: boolean }): readonly string[];
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
const forking = "sched/sched_process_fork";
const starting = [forking, "syscalls/sys_enter_execve", "syscalls/sys_enter_execveat"];

/**
 * A setuid program gains its rights with execve(2). A child that is only forked holds what its parent does, which was looked at:
 * forks are followed, and tell nothing.
 */
const gaining = ["execve", "execveat", "setuid", "setreuid", "setresuid", "capset", "unshare"];

const muted = "set_event_notrace_pid";

/** Kibibytes for each CPU: some thousand events between two reads. */
const bufferKib = 256;

/**
 * Bytes that are read at once. A loop of one system call writes faster than it is read, and without a bound one read would take
 * seconds; this much takes some ten milliseconds.
 */
const mostRead = 128 * 1024;

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
  const { append, write } = rights.value;
  let forks = false;
  return ok({
    entries: reader(entries.value),
    rights: reader(rights.value),
    follow: (tasks) => append("set_event_pid", `${tasks.join(" ")} `),
    tellForks(on) {
      if (on !== forks) write(`events/${forking}/enable`, on ? "1" : "0");
      forks = on;
    },
    mute(tasks) {
      try {
        append(muted, `${tasks.join(" ")} `);
        write("trace", "");
        return true;
      } catch {
        return false;
      }
    },
    unmute: () => write(muted, ""),
    restore({ followed, isMuted }) {
      const listed = new Set(rights.value.say("set_event_pid").split("\n").map(Number));
      const isLost = followed.length > 0 && !followed.some((task) => listed.has(task));
      const changed = [
        ...entries.value.restore(["set_event_pid", muted]),
        ...rights.value.restore(isMuted ? [] : [muted]),
        ...(isLost || !listed.has(process.pid) ? ["set_event_pid"] : []),
      ];
      if (!listed.has(process.pid)) append("set_event_pid", `${process.pid} `);
      return [...new Set(changed)];
    },
    close() {
      entries.value.close();
      rights.value.close();
    },
  });
}

/** An instance that knows how it was set. */
interface Calls extends TraceInstance {
  /** `empty`: files that are to have nothing in them. */
  readonly restore: (empty: readonly string[]) => readonly string[];
}

function openCalls(
  name: string,
  calls: readonly string[],
  others: readonly string[],
  starts: readonly string[],
): Result<Calls> {
  const exits = calls.map((call) => `syscalls/sys_exit_${call}`);
  const opened = openInstance([...exits, ...others, ...starts], bufferKib, name);
  if (!opened.ok) return opened;
  const { write, say, close } = opened.value;
  const ofNames = ofEngine.map((each) => `COMM ~ "${each}"`).join(" || ");
  const settings = new Map([
    ["tracing_on", "1"],
    ["options/event-fork", "1"],
    ["tracing_cpumask", say("tracing_cpumask")],
    ...exits.flatMap((event) => [
      [`events/${event}/filter`, "ret == 0"] as const,
      [`events/${event}/enable`, "1"] as const,
    ]),
    ...starts.flatMap((event) => [
      [`events/${event}/filter`, ofNames] as const,
      [`events/${event}/enable`, "1"] as const,
    ]),
    ...others.map((event) => [`events/${event}/enable`, "1"] as const),
  ]);
  try {
    // Without any process to follow the kernel would tell of all.
    if (others.length === 0) write("set_event_pid", String(process.pid));
    for (const [file, text] of settings) write(file, text);
  } catch (error) {
    close();
    throw error;
  }
  return ok({
    ...opened.value,
    restore(empty) {
      const changed = [...settings].filter(([file, text]) => say(file) !== text);
      const filled = empty.filter((file) => say(file) !== "");
      for (const [file, text] of [...changed, ...filled.map((file) => [file, ""] as const)])
        write(file, text);
      return [...changed.map(([file]) => file), ...filled];
    },
  });
}

function reader({ read }: TraceInstance): () => KernelCalls {
  let rest = "";
  return () => {
    const lines = `${rest}${read(mostRead)}`.split("\n");
    rest = lines.pop() ?? "";
    return parseKernelEvents(lines);
  };
}

const prefix = String.raw`^ *(.*)-(\d+) +\[\d+\] \S+ +(\d+\.\d+): `;
const callPattern = new RegExp(`${prefix}(?:sys_(\\w+) -> 0x0|cgroup_attach_task: .* pid=(\\d+) comm=.*)$`);
const startPattern = new RegExp(
  `${prefix}(?:sched_process_fork: .* child_pid=(\\d+)|sys_execve(?:at)?\\(.*)$`,
);

/** Lines of trace_pipe; others than those of the events above are left out. */
export function parseKernelEvents(lines: readonly string[]): KernelCalls {
  let lost = 0;
  let first: number | undefined;
  let last = 0;
  const at = (seconds: string | undefined) => {
    last = Number(seconds) * 1_000;
    first ??= last;
  };
  const calls = lines.flatMap((line): readonly (KernelCall | KernelStart)[] => {
    lost += Number(/^CPU:\d+ \[LOST (\d+) EVENTS\]$/.exec(line)?.[1] ?? 0);
    const [, process, task, time, call, moved] = callPattern.exec(line) ?? [];
    const caller = Number(task);
    if (process !== undefined) {
      at(time);
      return [{ call: call ?? "cgroup.procs", pid: Number(moved ?? task), caller, process }];
    }
    const [, name, starter, started, child] = startPattern.exec(line) ?? [];
    if (name === undefined) return [];
    at(started);
    return child === undefined
      ? [{ start: "exec", caller: Number(starter), process: name }]
      : [{ start: "fork", caller: Number(starter), child: Number(child) }];
  });
  return { calls, lost, span: Math.max(0, last - (first ?? 0)) };
}
