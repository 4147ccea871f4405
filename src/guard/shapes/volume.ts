import { empty, int, list, map, path, string, struct, text } from "./shape.ts";

const topology = struct({ Segments: map(string) });

/** https://pkg.go.dev/github.com/moby/moby/api/types/volume#ClusterVolumeSpec */
const clusterVolume = struct({
  Group: string,
  AccessMode: struct({
    Scope: string,
    Sharing: string,
    MountVolume: struct({ FsType: string, MountFlags: list(path) }),
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
  DriverOpts: map(path),
  Labels: map(text),
  ClusterVolumeSpec: clusterVolume,
});

export const volumeUpdate = struct({ Spec: clusterVolume });
