import type { Fact, FactList, SetFact } from "../model/fact.ts";
import { isOpen } from "../model/fact.ts";
import type { Origin } from "../model/origin.ts";
import { combine, pass, unknownFact, type Verdict } from "../model/verdict.ts";

/** Judges a fact by its value (undefined where unset, so that Docker's default holds); an open one is unknown. */
export function judgeFact<T>(
  fact: Fact<T>,
  judge: (value: T | undefined, origins: readonly Origin[]) => Verdict,
): Verdict {
  if (isOpen(fact)) return unknownFact(fact);
  return fact.state === "set" ? judge(fact.value, fact.origins) : judge(undefined, []);
}

/** Judges a list item by item; `otherwise` is the verdict on an empty list. */
export function judgeItems<T>(
  list: FactList<T>,
  judge: (item: SetFact<T>) => Verdict,
  otherwise: Verdict = pass(),
): Verdict {
  return combine(
    list.map((item) => (isOpen(item) ? unknownFact(item) : judge(item))),
    otherwise,
  );
}
