import type { FileSystem } from "./container/file-system.ts";
import type { NamespaceMode } from "./container/namespace.ts";
import type { Process } from "./container/process.ts";
import type {
  BlkioDeviceLimit,
  BuildReference,
  Device,
  EndpointOption,
  EnvironmentVariable,
  Healthcheck,
  Hook,
  NameValue,
  NetworkDefinition,
  PathProtection,
  PublishedPort,
  SeccompProfile,
  SelinuxLabel,
  ShortLived,
  Ulimit,
} from "./container-values.ts";
import type { Fact, FactList } from "./fact.ts";
import { unset } from "./fact.ts";
import type { Level } from "./level.ts";
import type { Mount } from "./mount.ts";

/**
 * A container as one source sees it. Names follow the Engine API's HostConfig. Sizes are bytes, `nanoCpus`
 * 1e-9 CPUs, periods and quotas microseconds. Limits keep Docker's own conventions: memory 0 and pidsLimit
 * 0 or negative are "no limit", memorySwap -1 is unlimited.
 */
export interface ContainerScalars {
  /** The reference as written: `nginx`, `nginx:1.27@sha256:…`. */
  readonly image: string;
  readonly build: BuildReference;
  /**
   * The user that the image sets, from the Dockerfile that `build` names, the image on the Engine, or
   * nothing. Filled in where the audit joins sources; "" is root by default.
   */
  readonly imageUser: string;
  /** As written: `1000`, `1000:1000`, `nobody`, `root`. */
  readonly user: string;
  readonly privileged: boolean;
  readonly seccomp: SeccompProfile;
  /** A profile's name, `unconfined`, or `docker-default`. */
  readonly apparmor: string;
  readonly selinux: SelinuxLabel;
  readonly noNewPrivileges: boolean;
  /** `systempaths=unconfined`, or the lists that the Engine or the kernel shows. */
  readonly pathProtection: PathProtection;
  readonly readonlyRootfs: boolean;
  readonly networkMode: NamespaceMode;
  readonly pidMode: NamespaceMode;
  readonly ipcMode: NamespaceMode;
  readonly utsMode: NamespaceMode;
  readonly cgroupnsMode: NamespaceMode;
  readonly usernsMode: NamespaceMode;
  /** `-P`: every exposed port on all interfaces. */
  readonly publishAllPorts: boolean;
  readonly nanoCpus: number;
  readonly cpuPeriod: number;
  readonly cpuQuota: number;
  readonly cpuShares: number;
  /** `0-3`, `0,2`. */
  readonly cpusetCpus: string;
  readonly memory: number;
  readonly memorySwap: number;
  readonly memoryReservation: number;
  readonly oomKillDisable: boolean;
  /** -1000 to 1000; below 0 the kernel kills others first. */
  readonly oomScoreAdj: number;
  /** Microseconds of each period in which it may run before everything else. */
  readonly cpuRealtimeRuntime: number;
  readonly pidsLimit: number;
  /** 10 to 1000; 0 is unset. */
  readonly blkioWeight: number;
  readonly logDriver: string;
  readonly cgroupParent: string;
  readonly runtime: string;
  readonly healthcheck: Healthcheck;
  /** As Docker spells it: `always`, `unless-stopped`, `on-failure`, `on-failure:5`; `no` is unset. */
  readonly restart: string;
}

export interface ContainerLists {
  readonly environment: EnvironmentVariable;
  /** Normalised names (see normaliseCapability), `ALL` included. */
  readonly capAdd: string;
  readonly capDrop: string;
  readonly groupAdd: string;
  readonly mounts: Mount;
  /** Container names or ids, without the `:ro` suffix. */
  readonly volumesFrom: string;
  readonly devices: Device;
  /** `c 1:3 mr`, as written. */
  readonly deviceCgroupRules: string;
  readonly ports: PublishedPort;
  readonly networks: string;
  readonly networkDefinitions: NetworkDefinition;
  readonly endpointOptions: EndpointOption;
  /** The containers that `--link` names, without their aliases. */
  readonly links: string;
  readonly ulimits: Ulimit;
  readonly sysctls: NameValue;
  readonly storageOpt: NameValue;
  readonly logOptions: NameValue;
  readonly labels: NameValue;
  /** What the OCI runtime gets beside its configuration. */
  readonly annotations: NameValue;
  readonly blkioDeviceLimits: BlkioDeviceLimit;
  /** What docker compose starts in it by itself, as `docker exec` would. */
  readonly hooks: Hook;
  /** The words that replace the image's entrypoint. May hold secrets: never print them. */
  readonly entrypoint: string;
  /** The words of its command, which replace the image's own. May hold secrets: never print them. */
  readonly command: string;
}

export type ContainerFacts = {
  readonly [K in keyof ContainerScalars]: Fact<ContainerScalars[K]>;
} & {
  readonly [K in keyof ContainerLists]: FactList<ContainerLists[K]>;
};

/** One container as one source sees it, at one level. */
export type Container = ContainerFacts & {
  readonly kind: "container";
  readonly level: Level;
  /** The container's own processes, as the kernel shows them. Empty on every level but `effective`. */
  readonly processes: readonly Process[];
  /** Mounted where the runtime mounts none of their type. Empty on every level but `effective`. */
  readonly fileSystems: FactList<FileSystem>;
  /** It ends by itself soon after it began. Undefined for a service. */
  readonly job?: ShortLived;
  /** What only the Engine tells of a container that it has. */
  readonly inspected?: {
    readonly imageId: string | undefined;
    /** 0 is without end; undefined where it is not restarted after a failure alone. */
    readonly failureRetries: number | undefined;
    readonly networks: readonly string[];
  };
};

const nothing: Container = {
  kind: "container",
  level: "declared",
  processes: [],
  fileSystems: [],
  image: unset,
  build: unset,
  imageUser: unset,
  user: unset,
  privileged: unset,
  seccomp: unset,
  apparmor: unset,
  selinux: unset,
  noNewPrivileges: unset,
  pathProtection: unset,
  readonlyRootfs: unset,
  networkMode: unset,
  pidMode: unset,
  ipcMode: unset,
  utsMode: unset,
  cgroupnsMode: unset,
  usernsMode: unset,
  publishAllPorts: unset,
  nanoCpus: unset,
  cpuPeriod: unset,
  cpuQuota: unset,
  cpuShares: unset,
  cpusetCpus: unset,
  memory: unset,
  memorySwap: unset,
  memoryReservation: unset,
  oomKillDisable: unset,
  oomScoreAdj: unset,
  cpuRealtimeRuntime: unset,
  pidsLimit: unset,
  blkioWeight: unset,
  logDriver: unset,
  cgroupParent: unset,
  runtime: unset,
  healthcheck: unset,
  restart: unset,
  environment: [],
  capAdd: [],
  capDrop: [],
  groupAdd: [],
  mounts: [],
  volumesFrom: [],
  devices: [],
  deviceCgroupRules: [],
  ports: [],
  networks: [],
  networkDefinitions: [],
  endpointOptions: [],
  links: [],
  ulimits: [],
  sysctls: [],
  storageOpt: [],
  logOptions: [],
  labels: [],
  annotations: [],
  blkioDeviceLimits: [],
  hooks: [],
  entrypoint: [],
  command: [],
};

/** A container of which nothing is said but what is given; of a fact that is given twice the last one counts. */
export function container(level: Level, ...facts: readonly Partial<Container>[]): Container {
  // Assigned in a loop: V8 takes ten times as long for a spread that repeats keys.
  return Object.assign({ ...nothing }, ...facts, { level });
}

/** The Compose project that started it, by the label that Docker Compose puts on containers. */
export function projectOf(container: Pick<Container, "labels">): string | undefined {
  return labelOf(container, "com.docker.compose.project");
}

/** The value of a label; undefined where it has none of this name. */
export function labelOf({ labels }: Pick<Container, "labels">, name: string): string | undefined {
  const label = labels.find((each) => each.state === "set" && each.value.name === name);
  return label?.state === "set" ? label.value.value : undefined;
}
