import type { Container, ContainerLists, ContainerScalars } from "./container.ts";
import { type UnseenFact, unseen } from "./fact.ts";

export type ContainerFact = keyof ContainerScalars | keyof ContainerLists;

/**
 * What a source tells of one fact.
 *
 * - `read`: its silence means that Docker's default holds.
 * - `default`: it has no word for it, so the default always holds, or it says it by another fact.
 * - a clause: it does not show it, and why.
 */
export type Sight = "read" | "default" | { readonly unseen: string };

/**
 * What a source tells, fact by fact. It is total: a new fact does not compile before each source says whether it reads it.
 * Kept in the order of the model.
 */
export type ContainerSight = Readonly<Record<ContainerFact, Sight>>;

/** What a reader must hand over: every fact that its source is said to be read for. One that is forgotten does not compile. */
export type FactsReadBy<S extends ContainerSight> = {
  readonly [K in ContainerFact as S[K] extends "read" ? K : never]: Container[K];
};

/** The facts that a source does not show, to begin a view with. */
export function unseenIn(sight: ContainerSight): Partial<Container> {
  const facts: Record<string, UnseenFact | readonly [UnseenFact]> = {};
  for (const [field, told] of Object.entries(sight)) {
    if (typeof told === "string") continue;
    facts[field] = field in containerLists ? [unseen(told.unseen)] : unseen(told.unseen);
  }
  return facts as Partial<Container>;
}

const containerLists: Readonly<Record<keyof ContainerLists, true>> = {
  environment: true,
  capAdd: true,
  capDrop: true,
  groupAdd: true,
  mounts: true,
  volumesFrom: true,
  devices: true,
  deviceCgroupRules: true,
  ports: true,
  networks: true,
  ulimits: true,
  sysctls: true,
  storageOpt: true,
  logOptions: true,
  labels: true,
  annotations: true,
  blkioDeviceLimits: true,
};

type Named = {
  readonly [K in keyof ContainerLists]: ContainerLists[K] extends { readonly name: string } ? K : never;
}[keyof ContainerLists];

const named: Readonly<Record<Named, true>> = {
  environment: true,
  ulimits: true,
  sysctls: true,
  storageOpt: true,
  logOptions: true,
  labels: true,
  annotations: true,
};

/** Lists of names with values: of one name the last holds. */
export const namedLists = Object.keys(named) as readonly Named[];

type Switch = Exclude<
  {
    readonly [K in keyof ContainerScalars]: ContainerScalars[K] extends boolean ? K : never;
  }[keyof ContainerScalars],
  // The Engine may set it for every container.
  "noNewPrivileges"
>;

const switches: Readonly<Record<Switch, true>> = {
  privileged: true,
  readonlyRootfs: true,
  publishAllPorts: true,
  oomKillDisable: true,
};

/** Facts that are off where nothing is said. */
export const offByDefault = Object.keys(switches) as readonly Switch[];
