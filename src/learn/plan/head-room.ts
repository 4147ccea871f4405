import type { BlkioDeviceLimit } from "../../model/container-values.ts";
import type { Peaks } from "../observe/usage.ts";

/** Limits from what was used under a load, with the head room that each leaves. */
export interface LearntLimits {
  /** Bytes. */
  readonly memory: number | undefined;
  readonly pids: number | undefined;
  readonly cpus: number | undefined;
  /** For each disk that it was seen to read from or write to. */
  readonly disks: readonly BlkioDeviceLimit[];
}

/** How many times its peak a container may use; the report states it. */
export const headRoom = { memory: 2, pids: 4, cpus: 2, disks: 2 } as const;

const mebibyte = 1024 ** 2;

/** Less than this saves nothing, and a start may already need it. */
export const least = { memory: 64 * mebibyte, pids: 64, cpus: 0.5, disks: 16 * mebibyte } as const;

/** Rounded up: memory to 16 MiB, CPUs to a quarter, disks to 1 MiB a second. CPUs that the host does not have are no limit. */
export function limitsFrom({ memory, pids, cpus, disks }: Peaks, hostCpus: number | undefined): LearntLimits {
  const step = 16 * mebibyte;
  const cap = cpus === undefined ? undefined : Math.max(least.cpus, Math.ceil(cpus * headRoom.cpus * 4) / 4);
  return {
    memory:
      memory === undefined
        ? undefined
        : Math.max(least.memory, Math.ceil((memory * headRoom.memory) / step) * step),
    pids: pids === undefined ? undefined : Math.max(least.pids, pids * headRoom.pids),
    cpus: cap === undefined || (hostCpus !== undefined && cap >= hostCpus) ? undefined : cap,
    disks: disks.flatMap(({ path, readRate, writeRate }) => [
      ...(readRate > 0 ? [{ kind: "read-bps", path, rate: diskRate(readRate) } as const] : []),
      ...(writeRate > 0 ? [{ kind: "write-bps", path, rate: diskRate(writeRate) } as const] : []),
    ]),
  };
}

/** Bytes a second. */
function diskRate(peak: number): number {
  return Math.max(least.disks, Math.ceil((peak * headRoom.disks) / mebibyte) * mebibyte);
}

/** The size of a tmpfs: four times what was in it, at least 16 MiB, in whole MiB. */
export function tmpfsSize(bytes: number): number {
  return Math.max(16, Math.ceil((bytes * 4) / mebibyte)) * mebibyte;
}
