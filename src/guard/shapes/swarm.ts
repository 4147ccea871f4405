import { bool, bytes, int, list, map, string, struct, uint, uint32 } from "./shape.ts";

/** https://pkg.go.dev/github.com/moby/moby/api/types/swarm#Driver */
export const driver = struct({ Name: string, Options: map(string) });

/** https://pkg.go.dev/github.com/moby/moby/api/types/swarm#Spec */
export const swarmSpec = struct({
  Name: string,
  Labels: map(string),
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
    ExternalCAs: list(struct({ Protocol: string, URL: string, Options: map(string), CACert: string })),
    SigningCACert: string,
    SigningCAKey: string,
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

export const node = struct({ Name: string, Labels: map(string), Role: string, Availability: string });

export const secret = struct({
  Name: string,
  Labels: map(string),
  Data: bytes,
  Driver: driver,
  Templating: driver,
});

export const config = struct({ Name: string, Labels: map(string), Data: bytes, Templating: driver });
