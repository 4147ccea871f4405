import { bool, int, list, map, path, type Shape, string, struct, uint, uint16 } from "./shape.ts";

const throttle = list(struct({ Path: path, Rate: uint }));

export const ulimit = struct({ Name: string, Soft: int, Hard: int });

/** As docker-py writes them; Go folds the name. */
export const realtimeAliases = {
  CPURealtimePeriod: "CpuRealtimePeriod",
  CPURealtimeRuntime: "CpuRealtimeRuntime",
} as const;

/**
 * What `docker run` sets and `docker update` changes. `KernelMemory` left in API 1.42, `KernelMemoryTCP` in 1.52.
 *
 * @see https://pkg.go.dev/github.com/moby/moby/api/types/container#Resources
 */
export const resources = {
  CpuShares: int,
  Memory: int,
  NanoCpus: int,
  CgroupParent: path,
  BlkioWeight: uint16,
  BlkioWeightDevice: list(struct({ Path: path, Weight: uint16 })),
  BlkioDeviceReadBps: throttle,
  BlkioDeviceWriteBps: throttle,
  BlkioDeviceReadIOps: throttle,
  BlkioDeviceWriteIOps: throttle,
  CpuPeriod: int,
  CpuQuota: int,
  CpuRealtimePeriod: int,
  CpuRealtimeRuntime: int,
  CpusetCpus: path,
  CpusetMems: path,
  Devices: list(struct({ PathOnHost: path, PathInContainer: path, CgroupPermissions: string })),
  DeviceCgroupRules: list(string),
  DeviceRequests: list(
    struct({
      Driver: string,
      Count: int,
      DeviceIDs: list(string),
      Capabilities: list(list(string)),
      Options: map(string),
    }),
  ),
  KernelMemory: int,
  KernelMemoryTCP: int,
  MemoryReservation: int,
  MemorySwap: int,
  MemorySwappiness: int,
  OomKillDisable: bool,
  PidsLimit: int,
  Ulimits: list(ulimit),
  CpuCount: int,
  CpuPercent: int,
  IOMaximumIOps: uint,
  IOMaximumBandwidth: uint,
} as const satisfies Record<string, Shape>;
