import { callName, callOfFunction, ownArchitecture } from "../../engine/system-calls.ts";
import { allCapabilities } from "../../model/container/capability.ts";

/** What a service's processes asked of the kernel. */
export interface Asked {
  /** Capabilities that were checked and granted, each with when first (seconds of the trace's clock). */
  readonly granted: ReadonlyMap<string, number>;
  /** Capabilities that were checked and refused. */
  readonly denied: ReadonlySet<string>;
  /** System calls, the most frequent first. */
  readonly calls: ReadonlySet<string>;
  /** The families of its sockets, by number; left out where an older version saw the calls alone. */
  readonly families?: ReadonlySet<number> | undefined;
}

/** A stretch of a task's life between two execs. */
interface Stretch {
  /** Whether it is the container runtime that runs, not yet the workload. */
  readonly isRuntime: boolean;
  readonly granted: Map<string, number>;
  readonly denied: Set<string>;
  /** Each with how often it was made. */
  readonly calls: Map<string, number>;
  readonly families: Set<number>;
}

interface Task {
  readonly parent: number;
  readonly stretches: Stretch[];
}

export interface Tasks {
  /** Takes one line of trace_pipe. */
  readonly take: (line: string) => void;
  /** A process that runs already, and is the workload's. */
  readonly adopt: (pid: number, parent: number) => void;
  /** What everything that these processes started asked for, once it was no longer the container runtime. */
  readonly asked: (first: readonly number[]) => Asked;
  readonly lost: () => number;
}

const pattern = /^\s*.*-(\d+)\s+\[\d+\][^:]*?\s(\d+\.\d+): (?:(\w+): |sys_(\w+)\()(.*)$/;

const runtimes = /(?:^|\/)(?:runc|crun|containerd-shim[\w-]*|runc-dmz)$/;
/** runc starts itself again from a copy. */
const itself = /^(?:\/proc\/(?:self|thread-self)\/(?:exe|fd\/\d+)|\/dev\/fd\/\d+|memfd:.*)$/;

/**
 * Follows processes through a kernel trace: who started whom, and what each asked for. What a container's shim starts is runc
 * first, and becomes the workload, or a command of docker exec, with an exec.
 */
export function followTasks(architecture = ownArchitecture()): Tasks {
  const tasks = new Map<number, Task>();
  let lost = 0;
  const fresh = (isRuntime: boolean): Stretch => ({
    ...{ isRuntime, granted: new Map(), denied: new Set(), calls: new Map(), families: new Set() },
  });
  const taskOf = (pid: number): Task => {
    const known = tasks.get(pid);
    if (known) return known;
    const task = { parent: 0, stretches: [fresh(true)] };
    tasks.set(pid, task);
    return task;
  };
  const now = (pid: number): Stretch => taskOf(pid).stretches.at(-1) ?? fresh(true);
  const count = (pid: number, call: string, given: string) => {
    const { calls, families } = now(pid);
    calls.set(call, (calls.get(call) ?? 0) + 1);
    // The kernel prints arguments in hexadecimal, and takes 32 bits of a family.
    const family = call === "socket" ? /(?:family: (?:0x)?|\()([0-9a-f]+)\b/.exec(given)?.[1] : undefined;
    if (family !== undefined) families.add(Number(BigInt(`0x${family}`) & 0xffffffffn));
  };
  return {
    lost: () => lost,
    adopt(pid, parent) {
      if (!tasks.has(pid)) tasks.set(pid, { parent, stretches: [fresh(false)] });
    },
    take(line) {
      const dropped = /\[LOST (\d+) EVENTS\]/.exec(line)?.[1];
      if (dropped !== undefined) lost += Number(dropped);
      const [, task, time, event, called, rest = ""] = pattern.exec(line) ?? [];
      const pid = Number(task);
      if (event === "sched_process_fork") {
        const child = /\bchild_pid=(\d+)$/.exec(rest)?.[1];
        const stretches = [fresh(now(pid).isRuntime)];
        if (child !== undefined) tasks.set(Number(child), { parent: pid, stretches });
      } else if (event === "sched_process_exec") {
        const file = /^filename=(.*) pid=\d+ old_pid=\d+$/.exec(rest)?.[1] ?? "";
        const isRuntime = runtimes.test(file) || (now(pid).isRuntime && itself.test(file));
        taskOf(pid).stretches.push(fresh(isRuntime));
      } else if (called !== undefined) {
        count(pid, callOfFunction(called), rest);
      } else if (event === "sys_enter") {
        const number = Number(/^NR (\d+)/.exec(rest)?.[1] ?? -1);
        const call = architecture && callName(number, architecture);
        if (call !== undefined) count(pid, call, rest);
      } else if (event === "cap_capable") {
        const [, bit, result] = /\bcap (\d+), ret (-?\d+)/.exec(rest) ?? [];
        const name = allCapabilities[Number(bit)];
        if (name === undefined) return;
        const { granted, denied } = now(pid);
        if (Number(result) !== 0) denied.add(name);
        else if (!granted.has(name)) granted.set(name, Number(time));
      }
    },
    asked(first) {
      const found = fresh(false);
      const roots = new Set(first);
      const belongs = (pid: number): boolean => {
        let at = pid;
        for (let depth = 0; depth < 1_000 && at !== 0; depth += 1) {
          if (roots.has(at)) return true;
          at = tasks.get(at)?.parent ?? 0;
        }
        return false;
      };
      for (const [pid, { stretches }] of tasks) {
        if (!belongs(pid)) continue;
        for (const { isRuntime, granted, denied, calls, families } of stretches) {
          if (isRuntime) continue;
          for (const [name, time] of granted) {
            found.granted.set(name, Math.min(time, found.granted.get(name) ?? time));
          }
          for (const name of denied) found.denied.add(name);
          for (const family of families) found.families.add(family);
          for (const [call, times] of calls) found.calls.set(call, times + (found.calls.get(call) ?? 0));
        }
      }
      const often = [...found.calls].toSorted(([, a], [, b]) => b - a);
      return { ...found, calls: new Set(often.map(([call]) => call)) };
    },
  };
}
