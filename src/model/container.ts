import type { FileSystem } from "./container/file-system.ts";
import type { Process } from "./container/process.ts";
import type {
  BlkioDeviceLimit,
  Device,
  EndpointOption,
  EnvironmentVariable,
  Hook,
  NameValue,
  NetworkDefinition,
  PublishedPort,
  ShortLived,
  Ulimit,
} from "./container-values.ts";
import type { WrittenCredential } from "./credentials/find.ts";
import type { Fact, FactList } from "./fact.ts";
import { type ContainerScalars, noFacts } from "./facts/table.ts";
import type { Level } from "./level.ts";
import type { Mount } from "./mount.ts";

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
  /** Credentials that are written out, but for those of `environment`. */
  readonly credentials: WrittenCredential;
}

export type { ContainerScalars };

export type ContainerFacts = {
  readonly [K in keyof ContainerScalars]: Fact<ContainerScalars[K]>;
} & {
  readonly [K in keyof ContainerLists]: FactList<ContainerLists[K]>;
};

/**
 * One container as one source sees it, at one level. Names follow the Engine API's HostConfig. Each fact of one value is a row
 * of `facts/isolation.ts` or `facts/resources.ts`, each list one of `facts/lists.ts`.
 */
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
    readonly networks: readonly string[];
  };
};

const emptyContainer: Container = {
  ...noFacts,
  kind: "container",
  level: "declared",
  processes: [],
  fileSystems: [],
};

/** A container of which nothing is said but what is given; of a fact that is given twice the last one counts. */
export function container(level: Level, ...facts: readonly Partial<Container>[]): Container {
  // Assigned in a loop: V8 takes ten times as long for a spread that repeats keys.
  return Object.assign({ ...emptyContainer }, ...facts, { level });
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
