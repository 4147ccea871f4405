import type { Origin } from "./origin.ts";

/**
 * One property of a subject, in one of four states.
 *
 * - `set`: the source says this value, at these places.
 * - `unset`: the source was read and says nothing, so Docker's default holds.
 * - `unseen`: this source cannot tell (the kernel knows no log driver). A control that meets it answers `unknown`, and
 *   another view of the same subject may tell.
 * - `unresolved`: the source says something that could not be evaluated (an unset variable, a missing
 *   file, an unreadable /proc entry). A control that meets it answers `unknown`, never `pass`.
 */
export type Fact<T> = SetFact<T> | UnsetFact | OpenFact;

/** A fact without a known value. */
export type OpenFact = UnseenFact | UnresolvedFact;

export interface SetFact<T> {
  readonly state: "set";
  readonly value: T;
  readonly origins: readonly Origin[];
  /** Whether it only holds where the caller sets no other: the default of a script's variable, `${IMAGE:-redis:7}`. */
  readonly isCallers?: true;
}

export interface UnsetFact {
  readonly state: "unset";
}

export interface UnseenFact {
  readonly state: "unseen";
  /** Why, as a clause: `the kernel does not show the log driver`. */
  readonly reason: string;
  /** Always empty: it was read nowhere. */
  readonly origins: readonly Origin[];
}

export interface UnresolvedFact {
  readonly state: "unresolved";
  /** Why, as a clause that can follow a colon: `the variable DATA is not set`. Never holds a secret. */
  readonly reason: string;
  readonly origins: readonly Origin[];
}

/**
 * A list-valued property: each item stands by itself, so that one unresolved item leaves the others judged.
 * An empty list is "nothing set". A list that cannot be read at all is a single unresolved item, one that the source does not
 * show a single unseen one.
 */
export type FactList<T> = readonly (SetFact<T> | OpenFact)[];

export const unset: UnsetFact = { state: "unset" };

export function set<T>(value: T, ...origins: readonly Origin[]): SetFact<T> {
  return { state: "set", value, origins };
}

export function unseen(reason: string): UnseenFact {
  return { state: "unseen", reason, origins: [] };
}

export function unresolved(reason: string, ...origins: readonly Origin[]): UnresolvedFact {
  return { state: "unresolved", reason, origins };
}

/** The value where it is set, else `fallback` (use it only where "unset" really means the fallback). */
export function valueOr<T, F>(fact: Fact<T>, fallback: F): T | F {
  return fact.state === "set" ? fact.value : fallback;
}

/** Where the fact was read; empty for an unset one. */
export function originsOf(fact: Fact<unknown>): readonly Origin[] {
  return fact.state === "unset" ? [] : fact.origins;
}

/** Changes a set value and keeps its origins. */
export function mapFact<T, U>(fact: Fact<T>, change: (value: T) => U): Fact<U> {
  return fact.state === "set" ? { ...fact, value: change(fact.value) } : fact;
}

/** Changes the values of items that are set and keeps their origins. */
export function mapItems<T, U>(list: FactList<T>, change: (value: T) => U): FactList<U> {
  return list.map((item) => (item.state === "set" ? { ...item, value: change(item.value) } : item));
}

/** The items that are set, with their origins. */
export function setItems<T>(list: FactList<T>): readonly SetFact<T>[] {
  return list.filter((item): item is SetFact<T> => item.state === "set");
}

/** The first item without a known value. */
export function firstOpen(list: FactList<unknown>): OpenFact | undefined {
  return list.find(isOpen);
}

/** Whether its value is unknown: it could not be evaluated, or this source does not show it. */
export function isOpen(fact: Fact<unknown>): fact is OpenFact {
  return fact.state === "unresolved" || fact.state === "unseen";
}
