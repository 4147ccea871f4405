import { failed, ok, type Result } from "../base/result.ts";
import { callNumber, callOfFunction, ownArchitecture } from "../engine/system-calls.ts";
import { openInstance, type TraceInstance } from "../engine/tracefs.ts";
import { type Follower, type FollowerEvents, followRefusals } from "./follow.ts";
import { busiestCall, timeOf } from "./pace.ts";
import { plainErrors } from "./refusal.ts";
import { textArguments } from "./words.ts";

/** A kernel trace of containers' refused calls. */
export interface RefusalTrace {
  /** The tasks of a container that runs, or of its shim, whose children are the container's. */
  readonly adopt: Follower["adopt"];
  /** Follows these tasks and all that they start. */
  readonly follow: (tasks: readonly number[]) => void;
  /** When a time of the trace was, in milliseconds since 1970. */
  readonly at: (seconds: number) => number;
  /** Reads what the kernel has traced so far. */
  readonly drain: () => void;
  readonly lost: () => number;
  readonly close: () => void;
}

const begins = "raw_syscalls/sys_enter";
const ends = "raw_syscalls/sys_exit";
const moves = "cgroup/cgroup_attach_task";
const needed = ["sched/sched_process_fork", "sched/sched_process_exec", "sched/sched_process_exit"];
/** Since Linux 6.14. */
const capability = "capability/cap_capable";
const helpful = [capability, "oom/mark_victim"];
const signals = "signal/signal_generate";

/** Kibibytes for each CPU. */
const bufferKib = 4_096;
const moversKib = 64;
/** Milliseconds between two reads. A path is read out of the process that used it, which may end soon. */
const interval = 20;

/** At the end as often as its buffers hold. */
const mostDrains = 20;
/** The kernel compares one by one. */
const mostLeftOut = 60;

/** What every server does all the time, and what is hardly ever refused. */
const busy = [
  ...["read", "write", "readv", "writev", "pread64", "pwrite64", "close", "lseek", "fstat", "mmap", "munmap"],
  ...["brk", "mprotect", "madvise", "poll", "ppoll", "select", "pselect6", "epoll_wait", "epoll_pwait"],
  ...["epoll_ctl", "futex", "recvfrom", "recvmsg", "sendto", "sendmsg", "sendfile", "clock_gettime"],
  ...["clock_nanosleep", "nanosleep", "gettimeofday", "time", "getpid", "gettid", "sched_yield", "fcntl"],
  ...["rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "getrandom", "wait4", "setsockopt", "getsockopt"],
];

/** The Engine's own programs make many calls before a container's program runs: their names spare these. */
const strangers = ["dockerd", "containerd*", "runc*", "docker"];

/** Opens the trace. Fails with why the kernel cannot be traced from here. */
export function openRefusalTrace(
  refused: FollowerEvents["refused"],
  readTexts: FollowerEvents["readTexts"],
): Result<RefusalTrace> {
  const architecture = ownArchitecture();
  if (architecture === undefined) return failed(`the calls of ${process.arch} are not known`);
  const opened = openInstance([...needed, begins, ends], bufferKib, "why");
  if (!opened.ok) return opened;
  const instance = opened.value;
  // systemd moves a container's first process into its cgroup: of these events those of the whole machine are read.
  const movers = openInstance([moves], moversKib, "moves");
  if (!movers.ok) {
    instance.close();
    return movers;
  }
  const follower = followRefusals({ refused, readTexts }, architecture);
  const leftOut = new Set(busy.flatMap((call) => callNumber(call, architecture) ?? []));
  let start: { readonly clock: number; readonly time: number } | undefined;
  let rest = "";
  const at = (seconds: number) => (start ? start.time + (seconds - start.clock) * 1_000 : Date.now());
  const leaveOut = () => {
    const others = [...leftOut].map((number) => `id != ${number}`).join(" && ");
    const errors = plainErrors.map((error) => `ret == -${error}`).join(" || ");
    const own = strangers.map((name) => `!(COMM ~ "${name}")`).join(" && ");
    instance.write(`events/${begins}/filter`, `${others} && ${own}`);
    instance.write(`events/${ends}/filter`, `((${others}) || ${errors}) && ${own}`);
    follower.leaveOut(new Set(leftOut));
  };
  /** Gives how many lines there were. */
  const drain = (): number => {
    const calls = instance.read();
    // What is read last has every move that the calls need; a move counts when it happened.
    const moved = movers.value.read().split("\n").filter(Boolean);
    const lines = `${rest}${calls}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      while (moved[0] !== undefined && timeOf(moved[0]) <= timeOf(line)) follower.take(moved.shift() ?? "");
      follower.take(line);
      if (start === undefined) start = startOf(line);
    }
    for (const line of moved) follower.take(line);
    const busiest = busiestCall(lines, follower.counts());
    if (busiest !== undefined && leftOut.size < mostLeftOut) {
      leftOut.add(busiest);
      leaveOut();
    }
    return lines.length;
  };
  const close = () => {
    clearInterval(timer);
    instance.close();
    movers.value.close();
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    for (const each of [instance, movers.value]) each.write("trace_clock", "boot");
    instance.write("options/record-tgid", "1");
    // Without any process to follow the kernel would tell of all.
    instance.write("set_event_pid", String(process.pid));
    instance.write("trace_marker", mark(Date.now()));
    leaveOut();
    showTexts(instance);
    if (instance.list(`events/${capability}`).length === 0) showCapabilities(instance);
    movers.value.write(`events/${moves}/enable`, "1");
    const optional = helpful.filter((event) => instance.list(`events/${event}`).length > 0);
    if (instance.list(`events/${signals}`).length > 0) {
      instance.write(
        `events/${signals}/filter`,
        "sig == 4 || sig == 5 || sig == 6 || sig == 7 || sig == 11 || sig == 31",
      );
      optional.push(signals);
    }
    for (const event of [...needed, ...optional, begins, ends]) instance.write(`events/${event}/enable`, "1");
  } catch (error) {
    close();
    return failed(`the kernel cannot be traced: ${error instanceof Error ? error.message : error}`);
  }
  timer = setInterval(drain, interval);
  return ok({
    adopt: follower.adopt,
    follow: (tasks) => instance.append("set_event_pid", `${tasks.join(" ")} `),
    at,
    drain() {
      for (let times = 0; times < mostDrains && drain() > 1; times += 1);
    },
    lost: follower.lost,
    close,
  });
}

const mark = (time: number) => `bulkhead why ${time}`;

function startOf(line: string): { readonly clock: number; readonly time: number } | undefined {
  const [, clock, time] = /\s(\d+\.\d+): \w+: bulkhead why (\d+)/.exec(line) ?? [];
  return clock === undefined ? undefined : { clock: Number(clock), time: Number(time) };
}

/** Where the kernel can, it shows the paths and addresses of calls itself; else they are read out of the process. */
function showTexts(instance: TraceInstance): void {
  for (const name of instance.list("events/syscalls")) {
    const call = callOfFunction(name.replace(/^sys_enter_/, ""));
    const texts = name.startsWith("sys_enter_") ? textArguments(call) : [];
    if (texts.length === 0) continue;
    const fields = instance.argumentsOf(`syscalls/${name}`);
    const shown = texts.map(({ index, isAddress }) =>
      isAddress ? `t${index}=+u0($${fields[index]}):x32` : `t${index}=+u0($${fields[index]}):ustring`,
    );
    if (!instance.makeEvent("e", name, `syscalls.${name} ${shown.join(" ")}`)) return;
  }
}

/** What cap_capable() is asked for and answers (security/commoncap.c), where the kernel has no event for it. */
function showCapabilities(instance: TraceInstance): void {
  if (instance.makeEvent("p", "cap_asked", "cap_capable cap=$arg3:s32"))
    instance.makeEvent("r", "cap_answered", "cap_capable ret=$retval:s32");
}
