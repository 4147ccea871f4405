import { type Fact, isOpen } from "../model/fact.ts";
import { unknownFact, type Verdict } from "../model/verdict.ts";

/** `unknown` for the first of the facts that could not be evaluated; undefined where all could. */
export function undecided(...facts: readonly Fact<unknown>[]): Verdict | undefined {
  const open = facts.filter(isOpen);
  const first = open.find((fact) => fact.state === "unresolved") ?? open[0];
  return first && unknownFact(first);
}
