import type { Engine } from "../../../model/engine.ts";

/** The fields of which two views do not say the same, wherever it stands and whatever order lists are in. */
export function differingFields(one: Engine, other: Engine): readonly string[] {
  return Object.keys(one).filter(
    (field) => said(Reflect.get(one, field)) !== said(Reflect.get(other, field)),
  );
}

function said(fact: unknown): string {
  return Array.isArray(fact) ? fact.map(saidOnce).toSorted().join() : saidOnce(fact);
}

function saidOnce(fact: unknown): string {
  return JSON.stringify(fact, (key, value: unknown) => (key === "origins" ? undefined : value));
}
