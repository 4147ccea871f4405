import { isRecord, textAt } from "../../base/json.ts";
import { type Fact, type FactList, originsOf, unresolved } from "../../model/fact.ts";
import type { ApiSince } from "../../model/facts/row.ts";

/** Docker 20.10, the N of 1.N. Older Engines are refused: what a container or an image is made of, each later one shows. */
export const oldestApi = 41;

/** The N of 1.N that /version names. One that names none may be the oldest. */
export function apiOf(version: unknown): number {
  const named = /^1\.(\d+)$/.exec(textAt(isRecord(version) ? version : undefined, "ApiVersion") ?? "")?.[1];
  return named === undefined ? oldestApi : Number(named);
}

/**
 * The facts of an Engine whose API is 1.N: what its documents do not show before a later version is unknown where they are silent,
 * neither off nor Docker's default.
 */
export function asOldAs<V extends object>(api: number, table: Readonly<Record<string, object>>, facts: V): V {
  const late = Object.entries(table).flatMap(([name, row]) => {
    const { since = 0, before } = row as Partial<ApiSince>;
    return typeof since === "number" && since > api && before !== "none" ? [{ name, since }] : [];
  });
  if (late.length === 0) return facts;
  const aged = late.flatMap(({ name, since }) => {
    const fact = Reflect.get(facts, name) as Fact<unknown> | FactList<unknown> | undefined;
    if (fact === undefined || !isSilence(fact)) return [];
    const unknown = unresolved(`an Engine with API 1.${api} does not say it: 1.${since} and later do`);
    return [[name, "state" in fact ? { ...unknown, origins: originsOf(fact) } : [unknown]] as const];
  });
  return { ...facts, ...Object.fromEntries(aged) };
}

/** Read from what is not there: no value, no item, or off. */
function isSilence(fact: Fact<unknown> | FactList<unknown>): boolean {
  if (!("state" in fact)) return fact.length === 0;
  if (fact.state !== "set") return fact.state === "unset";
  return fact.value === false || fact.value === "" || (Array.isArray(fact.value) && fact.value.length === 0);
}
