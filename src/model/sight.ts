import type { Container, ContainerLists, ContainerScalars } from "./container.ts";
import type { EngineLists, EngineScalars } from "./engine.ts";
import { type UnseenFact, unseen } from "./fact.ts";
import { lists as listRows } from "./facts/lists.ts";
import type { ApiSince, FactSource } from "./facts/row.ts";
import { listFacts, rowOf, scalarFacts } from "./facts/table.ts";
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

/** What a reader of an engine or image must hand over: every fact that its source is read for. One that is forgotten does not compile. */
export type FactsReadBy<S, V> = {
  readonly [K in keyof V & keyof S as S[K] extends "read" | ApiSince ? K : never]: V[K];
};

/** The facts that a source does not show, to begin a view with. */
export function unseenIn<V = Container>(sight: Readonly<Record<string, Sight | ApiSince>>): Partial<V> {
  const facts: Record<string, UnseenFact | readonly [UnseenFact]> = {};
  for (const [field, told] of Object.entries(sight)) {
    if (typeof told === "string" || "since" in told) continue;
    facts[field] = Object.hasOwn(lists, field) ? [unseen(told.unseen)] : unseen(told.unseen);
  }
  return facts as Partial<V>;
}

/** The facts that are lists, of every kind of subject. */
const lists: Readonly<Record<keyof ContainerLists | keyof EngineLists | keyof ImageLists, true>> = {
  ...(Object.fromEntries(listFacts.map((field) => [field, true])) as Record<keyof ContainerLists, true>),
  listenAddresses: true,
  socketFiles: true,
  storageOptions: true,
  furtherOptions: true,
  defaultUlimits: true,
  insecureRegistries: true,
  authorizationPlugins: true,
  components: true,
  references: true,
  buildArguments: true,
  sudoCommands: true,
  setuidCommands: true,
  exposedPorts: true,
  history: true,
  workingDirectories: true,
  contextSecrets: true,
  builderLayers: true,
};

/** What a source shows of a container, by the table of facts. */
export function sightOf(source: FactSource): ContainerSight {
  const rows = [...scalarFacts.map((field) => [field, rowOf(field)] as const), ...Object.entries(listRows)];
  return Object.fromEntries(
    rows.map(([field, { [source]: word }]): readonly [string, Sight] => {
      if (word === "default") return [field, word];
      return [field, typeof word === "object" && "unseen" in word ? { unseen: word.unseen } : "read"];
    }),
  ) as ContainerSight;
}
