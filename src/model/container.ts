import type { Process } from "./container/process.ts";
import type { ShortLived } from "./container-values.ts";
import type { Fact, FactList, SetFact } from "./fact.ts";
import { type ContainerFacts, type ContainerLists, type ContainerScalars, noFacts } from "./facts/table.ts";
import type { Level } from "./level.ts";
import type { FileSystem } from "./mount.ts";
import type { ContainerRoot } from "./root-owner.ts";

export type { ContainerFacts, ContainerLists, ContainerScalars };

/**
 * One container as one source sees it, at one level. Names follow the Engine API's HostConfig. Each fact of one value is a row
 * of `facts/isolation.ts` or `facts/resources.ts`, each list one of `facts/lists.ts`.
 */
export type Container = ContainerFacts & {
  readonly kind: "container";
  readonly level: Level;
  /** The container's own processes, as the kernel shows them. Empty on every level but `effective`. */
  readonly processes: readonly Process[];
  /** Mounted where the runtime mounts none of their type, or writable where it mounts them read-only. */
  readonly fileSystems: FactList<FileSystem>;
  /** Whose its root is, as the kernel shows it; undefined on every level but `effective`. */
  readonly root?: ContainerRoot;
  /** The network interfaces in its network namespace beside the kernel's own; undefined where they cannot be read. */
  readonly interfaces?: SetFact<readonly string[]>;
  /** Whether its network namespace forwards packets of others; undefined where that cannot be read. */
  readonly forwarding?: SetFact<boolean>;
  /** A sandbox that an unprivileged user made: nothing in it has more than that user, by the host's uid. */
  readonly sandbox?: { readonly uid: Fact<number> };
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
