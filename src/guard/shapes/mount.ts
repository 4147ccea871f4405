import { bool, empty, int, list, map, path, string, struct, text, uint32 } from "./shape.ts";

/** A mount of a container, and of a Swarm service: https://pkg.go.dev/github.com/moby/moby/api/types/mount#Mount */
export const mount = struct({
  Type: string,
  Source: path,
  Target: path,
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
    Labels: map(text),
    Subpath: path,
    DriverConfig: struct({ Name: string, Options: map(path) }),
  }),
  ImageOptions: struct({ Subpath: path }),
  TmpfsOptions: struct({ SizeBytes: int, Mode: uint32, Options: list(list(string)) }),
  ClusterOptions: empty,
});
