import type { Fact } from "../model/fact.ts";
import { unknown, type Verdict } from "../model/verdict.ts";

/** `unknown` for the first of the facts that could not be evaluated; undefined where all could. */
export function undecided(...facts: readonly Fact<unknown>[]): Verdict | undefined {
  const open = facts.find((fact) => fact.state === "unresolved");
  return open?.state === "unresolved" ? unknown(open.reason, open.origins) : undefined;
}
