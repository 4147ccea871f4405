import { readFileSync } from "node:fs";

/** What the kernel counts for a container's cgroup, now. */
export interface Usage {
  /** Bytes that cannot be reclaimed: without the page cache that is not in use. */
  readonly memory: number | undefined;
  /** The most bytes that it ever had, page cache included. */
  readonly memoryPeak: number | undefined;
  readonly pids: number | undefined;
  readonly pidsPeak: number | undefined;
  /** CPU seconds since it started. */
  readonly cpuSeconds: number | undefined;
  /** Undefined where the kernel does not count it. */
  readonly disks: readonly DiskUsage[] | undefined;
}

/** Bytes that were read from and written to a disk since the container started. */
export interface DiskUsage {
  /** Its device number: `8:0`. */
  readonly device: string;
  readonly readBytes: number;
  readonly writtenBytes: number;
}

/** Where cgroup hierarchies are mounted. */
const root = "/sys/fs/cgroup";

/** Reads what a process's cgroup used: cgroup v2's files, or v1's controllers. */
export function usageOf(pid: number, proc = "/proc", cgroups = root): Usage {
  const text = textOf(`${proc}/${pid}/cgroup`) ?? "";
  const at = new Map<string, string>();
  for (const line of text.trim().split("\n")) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const name of controllers.split(",")) at.set(name, path);
  }
  const v1 = (controller: string, file: string) => {
    const path = at.get(controller);
    return path === undefined ? undefined : textOf(`${cgroups}/${controller}${path}/${file}`);
  };
  return at.has("memory") ? usageV1(v1) : usageV2((file) => textOf(`${cgroups}${at.get("") ?? "/"}/${file}`));
}

function usageV1(read: (controller: string, file: string) => string | undefined): Usage {
  const usage = number(read("memory", "memory.usage_in_bytes"));
  const cache = field(read("memory", "memory.stat"), "total_inactive_file") ?? 0;
  const nanoseconds = number(read("cpuacct", "cpuacct.usage"));
  const io = read("blkio", "blkio.throttle.io_service_bytes_recursive");
  return {
    memory: usage === undefined ? undefined : Math.max(0, usage - cache),
    memoryPeak: number(read("memory", "memory.max_usage_in_bytes")),
    pids: number(read("pids", "pids.current")),
    pidsPeak: undefined,
    cpuSeconds: nanoseconds === undefined ? undefined : nanoseconds / 1e9,
    disks: disksIn(io, { read: / Read (\d+)$/, written: / Write (\d+)$/ }),
  };
}

function usageV2(read: (file: string) => string | undefined): Usage {
  const usage = number(read("memory.current"));
  const cache = field(read("memory.stat"), "inactive_file") ?? 0;
  const microseconds = field(read("cpu.stat"), "usage_usec");
  return {
    memory: usage === undefined ? undefined : Math.max(0, usage - cache),
    memoryPeak: number(read("memory.peak")),
    pids: number(read("pids.current")),
    pidsPeak: number(read("pids.peak")),
    cpuSeconds: microseconds === undefined ? undefined : microseconds / 1e6,
    disks: disksIn(read("io.stat"), { read: / rbytes=(\d+)/, written: / wbytes=(\d+)/ }),
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function number(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  return /^\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

function field(text: string | undefined, name: string): number | undefined {
  return number(new RegExp(`^${name} (\\d+)$`, "m").exec(text ?? "")?.[1]);
}

/** v1 has a line for each device and direction, v2 one for each device. */
function disksIn(
  text: string | undefined,
  { read, written }: { readonly read: RegExp; readonly written: RegExp },
): readonly DiskUsage[] | undefined {
  if (text === undefined) return undefined;
  const found = new Map<string, DiskUsage>();
  for (const line of text.split("\n")) {
    const device = /^\d+:\d+(?= )/.exec(line)?.[0];
    if (device === undefined) continue;
    const before = found.get(device);
    found.set(device, {
      device,
      readBytes: (before?.readBytes ?? 0) + Number(read.exec(line)?.[1] ?? 0),
      writtenBytes: (before?.writtenBytes ?? 0) + Number(written.exec(line)?.[1] ?? 0),
    });
  }
  return [...found.values()];
}
