import { bool, empty, int, list, map, string, struct, uint32 } from "./shape.ts";

/** A mount of a container, and of a Swarm service: https://pkg.go.dev/github.com/moby/moby/api/types/mount#Mount */
export const mount = struct({
  Type: string,
  Source: string,
  Target: string,
  ReadOnly: bool,
  Consistency: string,
  BindOptions: struct({
    Propagation: string,
    NonRecursive: bool,
    CreateMountpoint: bool,
    ReadOnlyNonRecursive: bool,
    ReadOnlyForceRecursive: bool,
  }),
  VolumeOptions: struct({
    NoCopy: bool,
    Labels: map(string),
    Subpath: string,
    DriverConfig: struct({ Name: string, Options: map(string) }),
  }),
  ImageOptions: struct({ Subpath: string }),
  TmpfsOptions: struct({ SizeBytes: int, Mode: uint32, Options: list(list(string)) }),
  ClusterOptions: empty,
});
