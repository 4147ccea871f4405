import { readFileSync, statSync } from "node:fs";
import type { DiskUsage } from "./usage.ts";

/** The most that a container read from and wrote to one disk. */
export interface DiskPeak {
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

export interface DiskWatch {
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
