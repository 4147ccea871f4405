import type { Fact, FactList, SetFact } from "../model/fact.ts";
import type { Origin } from "../model/origin.ts";
import { combine, pass, unknown, type Verdict } from "../model/verdict.ts";

/** Judges a fact by its value (undefined where unset, so that Docker's default holds); an unresolved one is unknown. */
export function judgeFact<T>(
  fact: Fact<T>,
  judge: (value: T | undefined, origins: readonly Origin[]) => Verdict,
): Verdict {
  if (fact.state === "unresolved") return unknown(fact.reason, fact.origins);
  return fact.state === "set" ? judge(fact.value, fact.origins) : judge(undefined, []);
}

/** Judges a list item by item; `otherwise` is the verdict on an empty list. */
export function judgeItems<T>(
  list: FactList<T>,
  judge: (item: SetFact<T>) => Verdict,
  otherwise: Verdict = pass(),
): Verdict {
  return combine(
    list.map((item) => (item.state === "unresolved" ? unknown(item.reason, item.origins) : judge(item))),
    otherwise,
  );
}
