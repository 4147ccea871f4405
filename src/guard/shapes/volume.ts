import { empty, int, list, map, string, struct } from "./shape.ts";

const topology = struct({ Segments: map(string) });

/** https://pkg.go.dev/github.com/moby/moby/api/types/volume#ClusterVolumeSpec */
const clusterVolume = struct({
  Group: string,
  AccessMode: struct({
    Scope: string,
    Sharing: string,
    MountVolume: struct({ FsType: string, MountFlags: list(string) }),
    BlockVolume: empty,
  }),
  AccessibilityRequirements: struct({ Requisite: list(topology), Preferred: list(topology) }),
  CapacityRange: struct({ RequiredBytes: int, LimitBytes: int }),
  Secrets: list(struct({ Key: string, Secret: string })),
  Availability: string,
});

export const volumeCreate = struct({
  Name: string,
  Driver: string,
  DriverOpts: map(string),
  Labels: map(string),
  ClusterVolumeSpec: clusterVolume,
});

export const volumeUpdate = struct({ Spec: clusterVolume });
