import type { Engine } from "../../../model/engine.ts";

/** Whether two views are equal, apart from origins and the order of lists. */
export function saysSame(one: Engine, other: Engine): boolean {
  return Object.keys(one).every((field) => said(Reflect.get(one, field)) === said(Reflect.get(other, field)));
}

function said(fact: unknown): string {
  return Array.isArray(fact) ? fact.map(saidOnce).toSorted().join() : saidOnce(fact);
}

function saidOnce(fact: unknown): string {
  return JSON.stringify(fact, (key, value: unknown) => (key === "origins" ? undefined : value));
}
