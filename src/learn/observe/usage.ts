import { readFileSync, statSync } from "node:fs";

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

/** A container's first process; `id` names the container, and its cgroup. */
interface Counted {
  readonly pid: number;
  readonly id: string;
}

/**
 * Reads what a container's cgroup used: cgroup v2's files, or v1's controllers. Where it has none of its own (a rootless Engine
 * without delegation), nothing counts it alone.
 */
export function usageOf({ pid, id }: Counted, proc = "/proc", cgroups = root): Usage {
  const text = textOf(`${proc}/${pid}/cgroup`) ?? "";
  const at = new Map<string, string>();
  for (const line of text.trim().split("\n")) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const name of controllers.split(",")) if (path.includes(id)) at.set(name, path);
  }
  const v1 = (controller: string, file: string) => {
    const path = at.get(controller);
    return path === undefined ? undefined : textOf(`${cgroups}/${controller}${path}/${file}`);
  };
  const unified = at.get("");
  return unified === undefined || at.has("memory")
    ? usageV1(v1)
    : usageV2((file) => textOf(`${cgroups}${unified}/${file}`));
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

/** The most that a container used while it was watched. */
export interface Peaks {
  /** Bytes, without page cache that could be reclaimed. */
  readonly memory: number | undefined;
  /** Processes and threads. */
  readonly pids: number | undefined;
  /** The kernel keeps no peak of processes (cgroup v1, before Linux 6.1): between two samples there may have been more. */
  readonly pidsSampled?: boolean;
  /** CPUs over one sample; 0.5 is half of one. */
  readonly cpus: number | undefined;
  /** Empty where it used none, or where the kernel does not say. */
  readonly disks: readonly DiskPeak[];
}

export interface PeakWatch {
  readonly sample: (container: Counted) => void;
  readonly peaks: () => Peaks;
}

/** Shorter samples of the CPU's time and of the disks say more of the clock than of the load. Milliseconds. */
const shortest = 200;

/** Keeps the peaks of what is sampled. The kernel's own peaks count where it keeps them. */
export function watchPeaks(
  read: (container: Counted) => Usage = usageOf,
  now: () => number = Date.now,
  disks: DiskWatch = watchDisks(),
): PeakWatch {
  let memory: number | undefined;
  let pids: number | undefined;
  let pidsSampled = false;
  let cpus: number | undefined;
  let last: { readonly pid: number; readonly at: number; readonly seconds: number } | undefined;
  let lastDisks:
    | { readonly pid: number; readonly at: number; readonly used: readonly DiskUsage[] }
    | undefined;
  const sampleDisks = (pid: number, at: number, used: readonly DiskUsage[]) => {
    const before = lastDisks?.pid === pid ? lastDisks : undefined;
    if (before && at - before.at < shortest) return;
    disks.sample({ now: used, before: before?.used, seconds: before ? (at - before.at) / 1000 : 0 });
    lastDisks = { pid, at, used };
  };
  return {
    sample({ pid, id }) {
      const usage = read({ pid, id });
      const at = now();
      memory = most(memory, usage.memory);
      pids = most(pids, usage.pidsPeak ?? usage.pids);
      if (usage.pidsPeak === undefined && usage.pids !== undefined) pidsSampled = true;
      if (usage.disks) sampleDisks(pid, at, usage.disks);
      if (usage.cpuSeconds === undefined) return;
      if (last?.pid !== pid) last = { pid, at, seconds: usage.cpuSeconds };
      if (at - last.at < shortest) return;
      cpus = most(cpus, Math.max(0, usage.cpuSeconds - last.seconds) / ((at - last.at) / 1000));
      last = { pid, at, seconds: usage.cpuSeconds };
    },
    peaks: () => ({ memory, pids, ...(pidsSampled && { pidsSampled }), cpus, disks: disks.peaks() }),
  };
}

function most(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

/** The most that a container read from and wrote to one disk. */
interface DiskPeak {
  /** Its device node on this host: `/dev/sda`. */
  readonly path: string;
  /** Bytes in all. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  /** Bytes a second over one sample. */
  readonly readRate: number;
  readonly writeRate: number;
}

/** Two samples of one container. `seconds` have passed between them. */
interface Sample {
  readonly now: readonly DiskUsage[];
  /** Undefined at the first sample of a container. */
  readonly before: readonly DiskUsage[] | undefined;
  readonly seconds: number;
}

interface DiskWatch {
  readonly sample: (sample: Sample) => void;
  readonly peaks: () => readonly DiskPeak[];
}

export function watchDisks(pathOf: (device: string) => string | undefined = nodeOf): DiskWatch {
  let peaks: readonly DiskPeak[] = [];
  return {
    sample({ now, before, seconds }) {
      const found = now.flatMap(({ device, readBytes, writtenBytes }): readonly DiskPeak[] => {
        const path = pathOf(device);
        if (path === undefined || readBytes + writtenBytes === 0) return [];
        // A disk that the last sample does not list was not used until then.
        const last = before?.find((each) => each.device === device) ?? { readBytes: 0, writtenBytes: 0 };
        const rate = (bytes: number) => (before ? Math.round(Math.max(0, bytes) / seconds) : 0);
        return [
          {
            ...{ path, readBytes, writtenBytes },
            readRate: rate(readBytes - last.readBytes),
            writeRate: rate(writtenBytes - last.writtenBytes),
          },
        ];
      });
      peaks = mergeDisks(peaks, found);
    },
    peaks: () => peaks,
  };
}

/** The higher of both, disk by disk. */
export function mergeDisks(one: readonly DiskPeak[], other: readonly DiskPeak[]): readonly DiskPeak[] {
  const found = new Map(one.map((disk) => [disk.path, disk]));
  for (const disk of other) {
    const before = found.get(disk.path) ?? disk;
    found.set(disk.path, {
      path: disk.path,
      readBytes: Math.max(before.readBytes, disk.readBytes),
      writtenBytes: Math.max(before.writtenBytes, disk.writtenBytes),
      readRate: Math.max(before.readRate, disk.readRate),
      writeRate: Math.max(before.writeRate, disk.writeRate),
    });
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** The node of a block device, where this host has one. */
function nodeOf(device: string): string | undefined {
  try {
    const name = /^DEVNAME=(.+)$/m.exec(readFileSync(`/sys/dev/block/${device}/uevent`, "utf8"))?.[1];
    const path = `/dev/${name}`;
    return name !== undefined && statSync(path).isBlockDevice() ? path : undefined;
  } catch {
    return undefined;
  }
}
