import { mount } from "./mount.ts";
import { endpoint } from "./network.ts";
import { realtimeAliases, resources } from "./resources.ts";
import {
  aPath,
  array,
  bind,
  bool,
  empty,
  ignored,
  int,
  list,
  map,
  path,
  type Shape,
  string,
  strings,
  struct,
  text,
  texts,
  uint,
} from "./shape.ts";

const restartPolicy = struct({ Name: string, MaximumRetryCount: int });
const consoleSize = array(2, uint);

/** https://pkg.go.dev/github.com/moby/moby/api/types/container#HealthConfig */
export const healthcheck = struct({
  Test: list(text),
  Interval: int,
  Timeout: int,
  StartPeriod: int,
  StartInterval: int,
  Retries: int,
});

/**
 * What a container runs. `MacAddress` left in API 1.52.
 *
 * @see https://pkg.go.dev/github.com/moby/moby/api/types/container#Config
 */
const config = {
  Hostname: string,
  Domainname: string,
  User: string,
  AttachStdin: bool,
  AttachStdout: bool,
  AttachStderr: bool,
  ExposedPorts: map(empty),
  Tty: bool,
  OpenStdin: bool,
  StdinOnce: bool,
  Env: list(text),
  Cmd: texts,
  Healthcheck: healthcheck,
  ArgsEscaped: bool,
  Image: string,
  Volumes: map(empty, aPath),
  WorkingDir: path,
  Entrypoint: texts,
  NetworkDisabled: bool,
  MacAddress: string,
  OnBuild: list(text),
  Labels: map(text),
  StopSignal: string,
  StopTimeout: int,
  Shell: texts,
} as const satisfies Record<string, Shape>;

/** https://pkg.go.dev/github.com/moby/moby/api/types/container#HostConfig */
const hostConfig = {
  Binds: list(bind),
  ContainerIDFile: path,
  LogConfig: struct({ Type: string, Config: map(path) }),
  NetworkMode: string,
  PortBindings: map(list(struct({ HostIp: string, HostPort: string }))),
  RestartPolicy: restartPolicy,
  AutoRemove: bool,
  VolumeDriver: string,
  VolumesFrom: list(string),
  ConsoleSize: consoleSize,
  Annotations: map(text),
  CapAdd: strings,
  CapDrop: strings,
  CgroupnsMode: string,
  Dns: list(string),
  DnsOptions: list(string),
  DnsSearch: list(string),
  ExtraHosts: list(string),
  GroupAdd: list(string),
  IpcMode: string,
  Cgroup: string,
  Links: list(string),
  OomScoreAdj: int,
  PidMode: string,
  Privileged: bool,
  PublishAllPorts: bool,
  ReadonlyRootfs: bool,
  SecurityOpt: list(text),
  StorageOpt: map(path),
  Tmpfs: map(string, aPath),
  UTSMode: string,
  UsernsMode: string,
  ShmSize: int,
  Sysctls: map(path),
  Runtime: string,
  Isolation: string,
  ...resources,
  Mounts: list(mount),
  MaskedPaths: list(path),
  ReadonlyPaths: list(path),
  Init: bool,
} as const satisfies Record<string, Shape>;

/**
 * The body of a create request. Engines before 28 take the members of HostConfig at the top as well, and let them fill
 * what HostConfig leaves out: a request that has one there is denied.
 *
 * @see https://github.com/moby/moby/blob/v27.5.1/runconfig/config_unix.go
 */
export const containerCreate = struct(
  {
    ...config,
    HostConfig: struct(hostConfig, { aliases: realtimeAliases }),
    NetworkingConfig: struct({ EndpointsConfig: map(endpoint) }),
  },
  { closed: [...Object.keys(hostConfig), "Cpuset"] },
);

/** What a new image gets from `docker commit`; null is nothing. */
export const containerConfig = struct(config);

export const containerUpdate = struct(
  { ...resources, RestartPolicy: restartPolicy },
  { aliases: realtimeAliases },
);

/** docker-py says the container in the body too, where no Engine looks. */
export const execCreate = struct({
  User: string,
  Privileged: bool,
  Tty: bool,
  ConsoleSize: consoleSize,
  AttachStdin: bool,
  AttachStderr: bool,
  AttachStdout: bool,
  Detach: bool,
  DetachKeys: string,
  Env: list(text),
  WorkingDir: path,
  Cmd: list(text),
  Container: ignored,
});

export const execStart = struct({ Detach: bool, Tty: bool, ConsoleSize: consoleSize });

export const checkpointCreate = struct({ CheckpointID: string, CheckpointDir: string, Exit: bool });
