import type { Origin } from "./origin.ts";

/**
 * One property of a subject, in one of three states.
 *
 * - `set`: the source says this value, at these places.
 * - `unset`: the source says nothing, so Docker's default holds.
 * - `unresolved`: the source says something that could not be evaluated (an unset variable, a missing
 *   file, an unreadable /proc entry). A control that meets it answers `unknown`, never `pass`.
 */
export type Fact<T> = SetFact<T> | UnsetFact | UnresolvedFact;

export interface SetFact<T> {
  readonly state: "set";
  readonly value: T;
  readonly origins: readonly Origin[];
}

export interface UnsetFact {
  readonly state: "unset";
}

export interface UnresolvedFact {
  readonly state: "unresolved";
  /** Why, as a clause that can follow a colon: `the variable DATA is not set`. Never holds a secret. */
  readonly reason: string;
  readonly origins: readonly Origin[];
}

/**
 * A list-valued property: each item stands by itself, so that one unresolved item leaves the others judged.
 * An empty list is "nothing set". A list that cannot be read at all is a single unresolved item.
 */
export type FactList<T> = readonly (SetFact<T> | UnresolvedFact)[];

export const unset: UnsetFact = { state: "unset" };

export function set<T>(value: T, ...origins: readonly Origin[]): SetFact<T> {
  return { state: "set", value, origins };
}

export function unresolved(reason: string, ...origins: readonly Origin[]): UnresolvedFact {
  return { state: "unresolved", reason, origins };
}

/** The value where it is set, else `fallback` (use it only where "unset" really means the fallback). */
export function valueOr<T, F>(fact: Fact<T>, fallback: F): T | F {
  return fact.state === "set" ? fact.value : fallback;
}

/** Where the fact stands, as far as it stands anywhere. */
export function originsOf(fact: Fact<unknown>): readonly Origin[] {
  return fact.state === "unset" ? [] : fact.origins;
}

/** Changes a set value and keeps its origins. */
export function mapFact<T, U>(fact: Fact<T>, change: (value: T) => U): Fact<U> {
  return fact.state === "set" ? { ...fact, value: change(fact.value) } : fact;
}

/** The items that are set, with their origins. */
export function setItems<T>(list: FactList<T>): readonly SetFact<T>[] {
  return list.filter((item): item is SetFact<T> => item.state === "set");
}

/** The first item that could not be evaluated. */
export function firstUnresolved(list: FactList<unknown>): UnresolvedFact | undefined {
  return list.find((item): item is UnresolvedFact => item.state === "unresolved");
}
