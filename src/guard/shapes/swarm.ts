import { bool, bytes, int, list, map, path, string, struct, text, uint, uint32 } from "./shape.ts";

/** https://pkg.go.dev/github.com/moby/moby/api/types/swarm#Driver */
export const driver = struct({ Name: string, Options: map(path) });

/** https://pkg.go.dev/github.com/moby/moby/api/types/swarm#Spec */
export const swarmSpec = struct({
  Name: string,
  Labels: map(text),
  Orchestration: struct({ TaskHistoryRetentionLimit: int }),
  Raft: struct({
    SnapshotInterval: uint,
    KeepOldSnapshots: uint,
    LogEntriesForSlowFollowers: uint,
    ElectionTick: int,
    HeartbeatTick: int,
  }),
  Dispatcher: struct({ HeartbeatPeriod: int }),
  CAConfig: struct({
    NodeCertExpiry: int,
    ExternalCAs: list(struct({ Protocol: string, URL: path, Options: map(path), CACert: text })),
    SigningCACert: text,
    SigningCAKey: text,
    ForceRotate: uint,
  }),
  TaskDefaults: struct({ LogDriver: driver }),
  EncryptionConfig: struct({ AutoLockManagers: bool }),
});

export const swarmInit = struct({
  ListenAddr: string,
  AdvertiseAddr: string,
  DataPathAddr: string,
  DataPathPort: uint32,
  ForceNewCluster: bool,
  Spec: swarmSpec,
  AutoLockManagers: bool,
  Availability: string,
  DefaultAddrPool: list(string),
  SubnetSize: uint32,
});

export const swarmJoin = struct({
  ListenAddr: string,
  AdvertiseAddr: string,
  DataPathAddr: string,
  RemoteAddrs: list(string),
  JoinToken: string,
  Availability: string,
});

export const swarmUnlock = struct({ UnlockKey: string });

export const node = struct({ Name: string, Labels: map(text), Role: string, Availability: string });

export const secret = struct({
  Name: string,
  Labels: map(text),
  Data: bytes,
  Driver: driver,
  Templating: driver,
});

export const config = struct({ Name: string, Labels: map(text), Data: bytes, Templating: driver });
