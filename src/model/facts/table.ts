import { type Fact, type FactList, unset } from "../fact.ts";
import { isolation } from "./isolation.ts";
import { type ContainerLists, lists } from "./lists.ts";
import { resources } from "./resources.ts";
import { byCode, type CgroupFile, type FactSource, type Kinds, type ScalarRow } from "./row.ts";

/** The facts of a container that have one value, a row each. */
const scalars = { ...isolation, ...resources };

type Scalars = typeof scalars;
type Lists = typeof lists;
type Rows = Scalars & Lists;

export type ScalarFact = keyof Scalars;

export type ContainerScalars = { readonly [K in ScalarFact]: Kinds[Scalars[K]["kind"]] };

export type ContainerFacts = {
  readonly [K in ScalarFact]: Fact<ContainerScalars[K]>;
} & {
  readonly [K in keyof ContainerLists]: FactList<ContainerLists[K]>;
};

export type { ContainerLists };

export const scalarFacts = Object.keys(scalars) as readonly ScalarFact[];
export const listFacts = Object.keys(lists) as readonly (keyof Lists)[];

export function rowOf(field: ScalarFact): ScalarRow {
  return scalars[field];
}

export function isScalarFact(field: string): field is ScalarFact {
  return Object.hasOwn(scalars, field);
}

/** What the code of a source must read: a fact of these that it forgets does not compile. The keys of the table are read without it. */
export type CodedFacts<S extends FactSource> = Pick<ContainerFacts, CodedFact<S>>;
export type CodedFact<S extends FactSource> = {
  readonly [K in keyof Rows]: Rows[K][S] extends typeof byCode ? K : never;
}[keyof Rows];

/** The facts that a source says by a key with a value. */
export type KeyedFact<S extends FactSource, Key extends string = string> = {
  readonly [K in ScalarFact]: Scalars[K][S] extends typeof byCode | "default"
    ? never
    : Scalars[K][S] extends Key | { readonly key: Key }
      ? K
      : never;
}[ScalarFact];

export interface Keyed {
  readonly field: ScalarFact;
  readonly key: string;
  readonly row: ScalarRow;
}

/** The facts of a source that are a key with a value. */
export function keyedIn(source: Exclude<FactSource, "kernel">): readonly Keyed[] {
  return scalarFacts.flatMap((field): readonly Keyed[] => {
    const key = keyOf(field, source);
    return key === undefined ? [] : [{ field, key, row: scalars[field] }];
  });
}

/** The key by which a source says the fact; undefined where it has none, or code reads it. */
export function keyOf(field: ScalarFact, source: Exclude<FactSource, "kernel">): string | undefined {
  const word = rowOf(field)[source];
  if (typeof word === "object") return "key" in word ? word.key : undefined;
  return word === byCode || word === "default" ? undefined : word;
}

/** The facts that are one file of a cgroup. */
export type KernelFile = {
  readonly [K in ScalarFact]: Scalars[K]["kernel"] extends CgroupFile ? K : never;
}[ScalarFact];

export const kernelFiles = scalarFacts.flatMap((field) => {
  const { kernel: file } = rowOf(field);
  return typeof file === "object" && "controller" in file ? [{ field: field as KernelFile, file }] : [];
});

/** What a fact allows at most: undefined where it is not set, or its value means that nothing limits it. */
export function amountIn(container: ContainerFacts, field: ScalarFact): number | undefined {
  const fact: Fact<unknown> = container[field];
  return fact.state === "set" ? amountOf(field, Number(fact.value)) : undefined;
}

/** The same of a value. */
export function amountOf(field: ScalarFact, value: number): number | undefined {
  const row = rowOf(field);
  if (!("zero" in row)) return undefined;
  if (value === 0) return row.zero === "amount" ? value : undefined;
  return value > 0 || row.negative === "amount" ? value : undefined;
}

/** A negative number that says nothing, as the docker CLI sends -1 for a memory-swappiness that nobody gave. */
export function withoutSilent(fact: Fact<number>, row: ScalarRow): Fact<number> {
  const isSilent = fact.state === "set" && fact.value < 0 && "negative" in row && row.negative === "unset";
  return isSilent ? unset : fact;
}

/** Whether a zero under a member of HostConfig says something: in an update, too, it then takes a limit away. */
export function saysZero(member: string): boolean {
  return keyedIn("api").some(
    ({ key, row }) => key === `HostConfig.${member}` && "zero" in row && row.zero !== "unset",
  );
}

/** The controls that judge what `docker update` changes. */
export const updateControls: ReadonlySet<string> = new Set(
  scalarFacts.flatMap((field) => rowOf(field).update || []),
);

/** The facts that `docker update` changes while a container runs. */
export function isUpdatable(field: string): field is ScalarFact {
  return isScalarFact(field) && rowOf(field).update !== false;
}

/** A container of which nothing is said. */
export const noFacts = Object.fromEntries([
  ...scalarFacts.map((field) => [field, unset]),
  ...listFacts.map((field) => [field, []]),
]) as Pick<ContainerFacts, ScalarFact | keyof Lists>;

/** Lists of names with values: of one name the last counts. */
type Named = {
  readonly [K in keyof Lists]: Lists[K] extends { readonly named: true } ? K : never;
}[keyof Lists];
export const namedLists = listFacts.filter((field): field is Named => "named" in lists[field]);

// The Engine may set no-new-privileges for every container.
type Switch = Exclude<
  { readonly [K in ScalarFact]: Scalars[K]["kind"] extends "switch" ? K : never }[ScalarFact],
  "noNewPrivileges"
>;

/** Facts that are off where nothing is said. */
export const offByDefault = scalarFacts.filter(
  (field): field is Switch => scalars[field].kind === "switch" && field !== "noNewPrivileges",
);
