import { callName, ownArchitecture } from "../engine/system-calls.ts";
import { allCapabilities } from "../model/container/capability.ts";
import { errorName, type Fate, isRefusal, type Refusal } from "./refusal.ts";
import { spellAddress } from "./words.ts";

type Texts = readonly (string | undefined)[];

interface Call {
  readonly number: number;
  readonly words: readonly bigint[];
  readonly missing: string[];
  texts: Texts;
}

interface Task {
  readonly container: string | undefined;
  /** The container runtime, which is not the workload yet. */
  isRuntime: boolean;
  /** Whether every call of it is seen from its beginning: only then one without a beginning was refused by seccomp. */
  isWhole: boolean;
  call: Call | undefined;
  /** Texts of a call that is about to begin. */
  texts: Texts;
  /** The capability that it is asked for. */
  asked: string | undefined;
}

export interface Follower {
  /** Takes one line of trace_pipe. */
  readonly take: (line: string) => void;
  /** Tasks of a container that run already, or its shim, whose children are the container's. */
  readonly adopt: (tasks: readonly number[], container: string, isRuntime: boolean) => void;
  /** All calls whose beginning is not traced any more. */
  readonly leaveOut: (numbers: ReadonlySet<number>) => void;
  /** How often each call was seen since the last question. */
  readonly counts: () => ReadonlyMap<number, number>;
  readonly lost: () => number;
}

export interface FollowerEvents {
  /** A refusal; its fate is known a second later at the latest. */
  readonly refused: (refusal: Refusal) => void;
  /** Reads texts among the arguments out of the process, where the trace has none. */
  readonly readTexts: (
    pid: number,
    call: string,
    words: readonly bigint[],
  ) => readonly (string | undefined)[];
}

/** Seconds after a refusal in which an end is put down to it. */
export const consequence = 1;

const linePattern =
  /^\s*(.*?)-(\d+)\s+(?:\(\s*([\d-]+)\)\s+)?\[\d+\]\s+\S+\s+(\d+\.\d+): (\w+)(?:: |\()(.*)$/;
const runtimes = /(?:^|\/)(?:runc|crun|containerd-shim[\w-]*|runc-dmz)$/;
/** runc starts itself again from a copy. */
const itself = /^(?:\/proc\/(?:self|thread-self)\/(?:exe|fd\/\d+)|\/dev\/fd\/\d+|memfd:.*)$/;
/** The Engine names a container's cgroup by its id. */
const inCgroup = /dst_path=\S*?([0-9a-f]{64})\S* pid=(\d+)/;

/** Signals that a process brings on itself. SIGSYS is what a seccomp profile answers that kills (signal(7)). */
export const ownFaults: Readonly<Record<number, string>> = {
  ...{ 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 11: "SIGSEGV", 31: "SIGSYS" },
};

/**
 * Follows the processes of containers through a kernel trace, and tells of the calls that were refused. A call that seccomp
 * refuses ends (sys_exit) without having begun (sys_enter): the kernel looks at the filter in between (kernel/entry/common.c).
 */
export function followRefusals(events: FollowerEvents, architecture = ownArchitecture()): Follower {
  const tasks = new Map<number, Task>();
  /** Refusals of each process whose fate is open. */
  const open = new Map<number, Refusal[]>();
  /** The status that each process ends with, once it said so. */
  const statuses = new Map<number, number>();
  let counts = new Map<number, number>();
  let leftOut: ReadonlySet<number> = new Set();
  let lost = 0;

  const nameOf = (number: number) => (architecture && callName(number, architecture)) ?? `call ${number}`;

  function tell(refusal: Refusal): void {
    const own = (open.get(refusal.pid) ?? []).filter(({ time }) => refusal.time - time <= consequence);
    open.set(refusal.pid, [...own, refusal]);
    events.refused(refusal);
  }

  function began(task: Task, pid: number, rest: string): void {
    const [, number = "", words = ""] = /^NR (-?\d+) \((.*)\)$/.exec(rest) ?? [];
    task.isWhole = true;
    task.call = {
      number: Number(number),
      words: words.split(", ").map((word) => BigInt(`0x${word || "0"}`)),
      missing: [],
      texts: task.texts,
    };
    task.texts = [];
    counts.set(task.call.number, (counts.get(task.call.number) ?? 0) + 1);
    if (nameOf(task.call.number) === "exit_group")
      statuses.set(pid, Number((task.call.words[0] ?? 0n) & 0xffn));
  }

  function ended(task: Task, pid: number, process: string, time: number, rest: string): void {
    const [, number, returned] = /^NR (-?\d+) = (-?\d+)$/.exec(rest) ?? [];
    const { call } = task;
    task.call = undefined;
    task.texts = [];
    const error = errorName(Number(returned));
    if (error === undefined || task.container === undefined || task.isRuntime) return;
    const isSame = call?.number === Number(number);
    const isLeftOut = leftOut.has(Number(number));
    const isSeccomp = !isSame && !isLeftOut && task.isWhole;
    const name = nameOf(Number(number));
    if (!isRefusal(name, error, isSeccomp)) return;
    const words = isSame ? call?.words : undefined;
    const known = isSame && call.texts.some((text) => text !== undefined) ? call.texts : undefined;
    tell({
      ...{ container: task.container, pid, process, time, call: name, words, error, isSeccomp },
      missing: isSame ? call.missing : [],
      texts: known ?? (words ? events.readTexts(pid, name, words) : []),
      fate: { kind: "survived" },
    });
  }

  function settle(pid: number, time: number, fate: Fate): void {
    for (const refusal of open.get(pid) ?? []) {
      if (refusal.fate.kind === "survived" && time - refusal.time <= consequence) refusal.fate = fate;
    }
    open.delete(pid);
  }

  function died(task: number, pid: number, time: number, isLast: boolean): void {
    tasks.delete(task);
    if (!isLast) return;
    const status = statuses.get(pid) ?? 0;
    if (status !== 0) settle(pid, time, { kind: "exit", status });
    statuses.delete(pid);
    open.delete(pid);
  }

  function kill(pid: number, process: string, time: number, error: "SIGSYS" | "OOM", call: string): void {
    const container = tasks.get(pid)?.container;
    if (container === undefined || tasks.get(pid)?.isRuntime) return;
    const killed = { container, pid, process, time, call, error, words: undefined, missing: [], texts: [] };
    tell({
      ...killed,
      isSeccomp: error === "SIGSYS",
      fate: { kind: "signal", signal: error === "OOM" ? "SIGKILL" : error },
    });
  }

  function take(line: string): void {
    const dropped = /\[LOST (\d+) EVENTS\]/.exec(line)?.[1];
    if (dropped !== undefined) {
      lost += Number(dropped);
      for (const task of tasks.values()) Object.assign(task, { isWhole: false, call: undefined, texts: [] });
    }
    const [, process = "", id, group, seconds, event = "", rest = ""] = linePattern.exec(line) ?? [];
    if (id === undefined) return;
    const number = Number(id);
    const pid = /^\d+$/.test(group ?? "") ? Number(group) : number;
    const time = Number(seconds);
    const task = tasks.get(number);
    if (event === "cgroup_attach_task") {
      const [, container, moved] = inCgroup.exec(rest) ?? [];
      const known = tasks.get(Number(moved));
      if (container === undefined || known?.container === container) return;
      tasks.set(Number(moved), { ...fresh(container, true), ...(known && { isRuntime: known.isRuntime }) });
    } else if (event === "sched_process_fork") {
      const child = Number(/\bchild_pid=(\d+)$/.exec(rest)?.[1]);
      if (task) tasks.set(child, { ...fresh(task.container, task.isRuntime), isWhole: true });
      else tasks.delete(child);
    } else if (event === "mark_victim") {
      const [, victim, name] = /^pid=(\d+)(?: comm=(.*) total-vm)?/.exec(rest) ?? [];
      kill(Number(victim), name ?? process, time, "OOM", "memory");
    } else if (event === "signal_generate") {
      const [, signal, code, victim] =
        /^sig=(\d+) errno=-?\d+ code=(-?\d+) comm=.* pid=(\d+) /.exec(rest) ?? [];
      const name = ownFaults[Number(signal)] ?? "";
      settle(Number(victim), time, { kind: "signal", signal: name });
      if (name === "SIGSYS" && code === "1") kill(Number(victim), process, time, "SIGSYS", "a system call");
    } else if (!task) return;
    else if (event === "sched_process_exec") {
      const file = /^filename=(.*) pid=\d+ old_pid=\d+$/.exec(rest)?.[1] ?? "";
      task.isRuntime = task.isRuntime && (runtimes.test(file) || itself.test(file));
    } else if (event === "sched_process_exit")
      died(number, pid, time, !/group_dead=false/.test(rest) && (pid === number || /group_dead/.test(rest)));
    else if (event === "sys_enter") began(task, pid, rest);
    else if (event === "sys_exit") ended(task, pid, process, time, rest);
    else if (event === "cap_capable" || event === "cap_answered") {
      const bit = /\bcap (\d+),/.exec(rest)?.[1];
      const name = bit === undefined ? task.asked : allCapabilities[Number(bit)];
      if (name !== undefined && !/\bret[ =]0$/.test(rest)) task.call?.missing.push(name);
    } else if (event === "cap_asked") task.asked = allCapabilities[Number(/\bcap=(\d+)/.exec(rest)?.[1])];
    else if (rest.includes("(syscalls.")) {
      const texts = shownTexts(rest);
      if (task.call) task.call.texts = texts;
      else task.texts = texts;
    }
  }

  return {
    take,
    adopt(some, container, isRuntime) {
      for (const each of some) if (!tasks.has(each)) tasks.set(each, fresh(container, isRuntime));
    },
    leaveOut(numbers) {
      leftOut = numbers;
    },
    counts() {
      const seen = counts;
      counts = new Map();
      return seen;
    },
    lost: () => lost,
  };
}

function fresh(container: string | undefined, isRuntime: boolean): Task {
  return { container, isRuntime, isWhole: false, call: undefined, texts: [], asked: undefined };
}

const shown = /\bt\d=(?:"(.*?)"(?= t\d=|$)|0x([0-9a-f]+)|\(fault\))/g;

/** `t1="/var/x"`, `t1=0x50000002` for the beginning of an address, `(fault)` where the kernel could not read it. */
function shownTexts(rest: string): Texts {
  return [...rest.matchAll(shown)].map(([, text, word]) => {
    if (text !== undefined) return Buffer.from(text, "latin1").toString("utf8");
    if (word === undefined) return undefined;
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(Number.parseInt(word, 16));
    return spellAddress(bytes) || undefined;
  });
}
