import { ok, type Result } from "../../base/result.ts";
import { openInstance } from "../../engine/tracefs.ts";

/** A call that brings a process into a container, or changes what a container sees or is held to. */
export interface KernelCall {
  /** `setns`, `mount`, …: the system call; `cgroup.procs`: a process was moved to another cgroup. */
  readonly call: string;
  /** The process that it concerns: the caller, or who was moved. */
  readonly pid: number;
  /** The caller's name, which it chose itself. */
  readonly process: string;
}

export interface KernelEvents {
  /** What happened since the last read, and how many events the kernel dropped because they came too fast. */
  read(): { readonly calls: readonly KernelCall[]; readonly lost: number };
  close(): void;
}

/** A mount is one call or, since Linux 5.2, several: fsmount(2), fsconfig(2), mount_setattr(2). */
const systemCalls = ["setns", "mount", "umount", "move_mount", "mount_setattr", "fsconfig", "pivot_root"];
const attach = "cgroup/cgroup_attach_task";

/** Kibibytes for each CPU: some thousand events between two reads. */
const bufferKib = 256;

/** Asks the kernel to tell of these calls as they happen, on the whole machine. Fails with why it cannot. */
export function openKernelEvents(): Result<KernelEvents> {
  const own = systemCalls.map((call) => `syscalls/sys_exit_${call}`);
  const opened = openInstance([...own, attach], bufferKib);
  if (!opened.ok) return opened;
  const { write, read, close } = opened.value;
  try {
    for (const event of own) {
      write(`events/${event}/filter`, "ret == 0");
      write(`events/${event}/enable`, "1");
    }
    write(`events/${attach}/enable`, "1");
  } catch (error) {
    close();
    throw error;
  }
  let rest = "";
  return ok({
    read() {
      const lines = `${rest}${read()}`.split("\n");
      rest = lines.pop() ?? "";
      return parseKernelEvents(lines);
    },
    close,
  });
}

const pattern =
  /^ *(.*)-(\d+) +\[\d+\] \S+ +\d+\.\d+: (?:sys_(\w+) -> 0x0|cgroup_attach_task: .* pid=(\d+) comm=.*)$/;

/** Lines of trace_pipe; others than those of the calls above are left out. */
export function parseKernelEvents(lines: readonly string[]): ReturnType<KernelEvents["read"]> {
  let lost = 0;
  const calls = lines.flatMap((line) => {
    lost += Number(/^CPU:\d+ \[LOST (\d+) EVENTS\]$/.exec(line)?.[1] ?? 0);
    const [, process, caller, call, moved] = pattern.exec(line) ?? [];
    if (process === undefined) return [];
    return [{ call: call ?? "cgroup.procs", pid: Number(moved ?? caller), process }];
  });
  return { calls, lost };
}
