import { healthcheck } from "./container.ts";
import { mount } from "./mount.ts";
import { ulimit } from "./resources.ts";
import {
  bool,
  bytes,
  empty,
  float,
  int,
  list,
  map,
  path,
  string,
  struct,
  text,
  uint,
  uint32,
} from "./shape.ts";
import { driver } from "./swarm.ts";

const updateConfig = struct({
  Parallelism: uint,
  Delay: int,
  FailureAction: string,
  Monitor: int,
  MaxFailureRatio: float,
  Order: string,
});

const networks = list(struct({ Target: string, Aliases: list(string), DriverOpts: map(path) }));
const file = struct({ Name: path, UID: string, GID: string, Mode: uint32 });

/** https://pkg.go.dev/github.com/moby/moby/api/types/swarm#ContainerSpec */
const containerSpec = struct({
  Image: string,
  Labels: map(text),
  Command: list(text),
  Args: list(text),
  Hostname: string,
  Env: list(text),
  Dir: path,
  User: string,
  Groups: list(string),
  Privileges: struct({
    CredentialSpec: struct({ Config: string, File: path, Registry: string }),
    SELinuxContext: struct({ Disable: bool, User: string, Role: string, Type: string, Level: string }),
    Seccomp: struct({ Mode: string, Profile: bytes }),
    AppArmor: struct({ Mode: string }),
    NoNewPrivileges: bool,
  }),
  Init: bool,
  StopSignal: string,
  TTY: bool,
  OpenStdin: bool,
  ReadOnly: bool,
  Mounts: list(mount),
  StopGracePeriod: int,
  Healthcheck: healthcheck,
  Hosts: list(string),
  DNSConfig: struct({ Nameservers: list(string), Search: list(string), Options: list(string) }),
  Secrets: list(struct({ File: file, SecretID: string, SecretName: string })),
  Configs: list(struct({ File: file, Runtime: empty, ConfigID: string, ConfigName: string })),
  Isolation: string,
  Sysctls: map(path),
  CapabilityAdd: list(string),
  CapabilityDrop: list(string),
  Ulimits: list(ulimit),
  OomScoreAdj: int,
});

/** https://pkg.go.dev/github.com/moby/moby/api/types/swarm#TaskSpec */
const task = struct({
  ContainerSpec: containerSpec,
  PluginSpec: struct({
    name: string,
    remote: string,
    privileges: list(struct({ name: string, description: text, value: list(path) })),
    disabled: bool,
    env: list(text),
  }),
  NetworkAttachmentSpec: struct({ ContainerID: string }),
  Resources: struct({
    Limits: struct({ NanoCPUs: int, MemoryBytes: int, Pids: int }),
    Reservations: struct({
      NanoCPUs: int,
      MemoryBytes: int,
      GenericResources: list(
        struct({
          NamedResourceSpec: struct({ Kind: string, Value: string }),
          DiscreteResourceSpec: struct({ Kind: string, Value: int }),
        }),
      ),
    }),
    SwapBytes: int,
    MemorySwappiness: int,
  }),
  RestartPolicy: struct({ Condition: string, Delay: int, MaxAttempts: uint, Window: int }),
  Placement: struct({
    Constraints: list(path),
    Preferences: list(struct({ Spread: struct({ SpreadDescriptor: string }) })),
    MaxReplicas: uint,
    Platforms: list(struct({ Architecture: string, OS: string })),
  }),
  Networks: networks,
  LogDriver: driver,
  ForceUpdate: uint,
  Runtime: string,
});

/** `Networks` beside the task is of API 1.24, and is read until 1.43. */
export const service = struct({
  Name: string,
  Labels: map(text),
  TaskTemplate: task,
  Mode: struct(
    {
      Replicated: struct({ Replicas: uint }),
      Global: empty,
      ReplicatedJob: struct({ MaxConcurrent: uint, TotalCompletions: uint }),
      GlobalJob: empty,
    },
    // As docker-py writes them.
    { aliases: { replicated: "Replicated", global: "Global" } },
  ),
  UpdateConfig: updateConfig,
  RollbackConfig: updateConfig,
  Networks: networks,
  EndpointSpec: struct({
    Mode: string,
    Ports: list(
      struct({
        Name: string,
        Protocol: string,
        TargetPort: uint32,
        PublishedPort: uint32,
        PublishMode: string,
      }),
    ),
  }),
});
