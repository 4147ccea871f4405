import type { ContainerScalars } from "../../model/container.ts";

/**
 * The limits that `docker update` changes while a container runs, by their names in HostConfig
 * (https://docs.docker.com/reference/cli/docker/container/update/).
 */
export const updatable = {
  nanoCpus: "NanoCpus",
  cpuQuota: "CpuQuota",
  cpuPeriod: "CpuPeriod",
  cpuShares: "CpuShares",
  cpusetCpus: "CpusetCpus",
  memory: "Memory",
  memorySwap: "MemorySwap",
  memoryReservation: "MemoryReservation",
  pidsLimit: "PidsLimit",
  blkioWeight: "BlkioWeight",
} as const satisfies Readonly<Partial<Record<keyof ContainerScalars, string>>>;

export type Updatable = keyof typeof updatable;

export function isUpdatable(field: string): field is Updatable {
  return Object.hasOwn(updatable, field);
}
