import type { Outcome, Totals } from "../../audit/benchmark/benchmark.ts";
import type { CellState } from "../tally.ts";

export const outcomeWords: Readonly<Record<Outcome, string>> = {
  fail: "fail",
  unknown: "unknown",
  manual: "manual",
  pass: "pass",
  notApplicable: "not applicable",
};

export const outcomeStates: Readonly<Record<Outcome, CellState>> = {
  fail: "fail",
  unknown: "unknown",
  manual: "accepted",
  pass: "pass",
  notApplicable: "notApplicable",
};

/** `12 pass · 3 fail · 2 manual`. */
export function sayTotals(totals: Totals): string {
  const order = ["pass", "fail", "manual", "unknown", "notApplicable"] as const;
  return order
    .filter((outcome) => totals[outcome] > 0)
    .map((outcome) => `${totals[outcome]} ${outcomeWords[outcome]}`)
    .join(" · ");
}
