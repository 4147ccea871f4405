import type { Container, ContainerLists, ContainerScalars } from "./container.ts";
import type { EngineLists, EngineScalars } from "./engine.ts";
import { type UnseenFact, unseen } from "./fact.ts";
import type { ImageLists, ImageScalars } from "./image.ts";

export type ContainerFact = keyof ContainerScalars | keyof ContainerLists;
export type EngineFact = keyof EngineScalars | keyof EngineLists;
export type ImageFact = keyof ImageScalars | keyof ImageLists;

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
export type EngineSight = Readonly<Record<EngineFact, Sight>>;
export type ImageSight = Readonly<Record<ImageFact, Sight>>;

/** What a reader must hand over: every fact that its source is said to be read for. One that is forgotten does not compile. */
export type FactsReadBy<S, V = Container> = {
  readonly [K in keyof V & keyof S as S[K] extends "read" ? K : never]: V[K];
};

/** The facts that a source does not show, to begin a view with. */
export function unseenIn<V = Container>(sight: Readonly<Record<string, Sight>>): Partial<V> {
  const facts: Record<string, UnseenFact | readonly [UnseenFact]> = {};
  for (const [field, told] of Object.entries(sight)) {
    if (typeof told === "string") continue;
    facts[field] = Object.hasOwn(lists, field) ? [unseen(told.unseen)] : unseen(told.unseen);
  }
  return facts as Partial<V>;
}

/** The facts that are lists, of every kind of subject. */
const lists: Readonly<Record<keyof ContainerLists | keyof EngineLists | keyof ImageLists, true>> = {
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
  networkDefinitions: true,
  endpointOptions: true,
  links: true,
  ulimits: true,
  sysctls: true,
  storageOpt: true,
  logOptions: true,
  labels: true,
  annotations: true,
  blkioDeviceLimits: true,
  hooks: true,
  entrypoint: true,
  command: true,
  listenAddresses: true,
  socketFiles: true,
  storageOptions: true,
  furtherOptions: true,
  defaultUlimits: true,
  insecureRegistries: true,
  authorizationPlugins: true,
  references: true,
  buildArguments: true,
  sudoCommands: true,
  setuidCommands: true,
  exposedPorts: true,
  history: true,
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
