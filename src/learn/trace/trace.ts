import { failed, ok, type Result } from "../../base/result.ts";
import { engineTasks, shimOf, threadsOf } from "../../engine/engine-tasks.ts";
import { callNumber, callOfFunction, ownArchitecture } from "../../engine/system-calls.ts";
import { openInstance, type TraceInstance } from "../../engine/tracefs.ts";
import { processesOf } from "../../trial/state.ts";
import { type Asked, followTasks } from "./tasks.ts";

/** A kernel trace of containers that are started while it is open. */
export interface KernelTrace {
  /** Tells a service by the first process of its container, as often as that changes. */
  readonly follow: (service: string, pid: number) => void;
  /** Tells a service by a container that runs already: what its processes do from now on counts. */
  readonly join: (service: string, pid: number) => void;
  readonly asked: (service: string) => Asked | undefined;
  /** Events that came faster than they were read. */
  readonly lost: () => number;
  readonly close: () => void;
}

const events = {
  fork: "sched/sched_process_fork",
  exec: "sched/sched_process_exec",
  capability: "capability/cap_capable",
} as const;

/** Every call of any kind is one event: a filter must look at each. */
const anyCall = "raw_syscalls/sys_enter";

/** Where the kernel has an event for each call (CONFIG_FTRACE_SYSCALLS): one that is switched off costs next to nothing. */
const ownEvents = "events/syscalls";
const ownEvent = "sys_enter_";

/** Milliseconds between two reads. */
const interval = 100;
const bufferKib = 8_192;

/**
 * Starts to trace what the Engine's processes and all that they start ask of the kernel: from runc's start on, so that nothing
 * of a container is missed.
 */
export function startTrace(): Result<KernelTrace> {
  const opened = openInstance([...Object.values(events), anyCall], bufferKib);
  if (!opened.ok) return opened;
  const instance = opened.value;
  const tasks = followTasks();
  const first = new Map<string, Set<number>>();
  let dry: ReturnType<typeof callEvents>;
  let rest = "";
  /** Gives how many lines there were. */
  const drain = (): number => {
    const lines = `${rest}${instance.read()}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) tasks.take(line);
    return lines.length;
  };
  const asked = (service: string) => {
    const pids = first.get(service);
    return pids && tasks.asked([...pids]);
  };
  /** A busy server makes the same few calls over and over. Those that every service is known to make are left out. */
  const dryOut = () => {
    const known = [...first.keys()].map((service) => asked(service)?.calls ?? new Set<string>());
    const [one, ...others] = known;
    // Of a socket it counts which family is asked for.
    dry([...(one ?? [])].filter((call) => call !== "socket" && others.every((calls) => calls.has(call))));
  };
  try {
    instance.write("set_event_pid", engineTasks().join(" "));
    // Nearly every mmap asks for SYS_ADMIN, to no effect (security/commoncap.c: cap_vm_enough_memory).
    instance.write(`events/${events.capability}/filter`, "cap != 21");
    for (const event of Object.values(events)) instance.write(`events/${event}/enable`, "1");
    // Last: before the line on process IDs it would trace the calls of the whole machine.
    dry = callEvents(instance);
  } catch (error) {
    instance.close();
    return failed(`the kernel cannot be traced: ${error instanceof Error ? error.message : error}`);
  }
  const timer = setInterval(() => {
    if (drain() > 0) dryOut();
  }, interval);
  timer.unref();
  return ok({
    follow(service, pid) {
      const shim = shimOf(pid);
      if (shim !== undefined) first.set(service, (first.get(service) ?? new Set()).add(shim));
    },
    join(service, pid) {
      const own = processesOf(pid).flatMap((each) => threadsOf(each));
      for (const each of own) tasks.adopt(each, each === pid ? 0 : pid);
      instance.write("set_event_pid", [...engineTasks(), ...own].join(" "));
      first.set(service, new Set([pid, ...(shimOf(pid) === undefined ? [] : [shimOf(pid) ?? pid])]));
    },
    asked,
    lost: tasks.lost,
    close() {
      clearInterval(timer);
      drain();
      instance.close();
    },
  });
}

/** The most calls that a filter names: the kernel compares one by one. */
const mostFiltered = 200;

/** Switches the events of system calls on. What it gives leaves out the calls that it is given. */
function callEvents(instance: TraceInstance): (known: readonly string[]) => void {
  const own = new Map(
    instance
      .list(ownEvents)
      .filter((name) => name.startsWith(ownEvent))
      .map((name) => [callOfFunction(name.slice(ownEvent.length)), name]),
  );
  const off = new Set<string>();
  if (own.size > 0) {
    for (const name of own.values()) {
      try {
        instance.write(`${ownEvents}/${name}/enable`, "1");
      } catch {
        // The kernel names a function that this architecture has no call for.
      }
    }
    return (known) => {
      for (const call of known) {
        const name = off.has(call) ? undefined : own.get(call);
        off.add(call);
        if (name !== undefined) instance.write(`${ownEvents}/${name}/enable`, "0");
      }
    };
  }
  const architecture = ownArchitecture();
  instance.write(`events/${anyCall}/enable`, "1");
  return (known) => {
    const numbers = architecture ? known.flatMap((call) => callNumber(call, architecture) ?? []) : [];
    if (known.length === off.size || numbers.length === 0 || numbers.length > mostFiltered) return;
    for (const call of known) off.add(call);
    instance.write(`events/${anyCall}/filter`, numbers.map((number) => `id != ${number}`).join(" && "));
  };
}
