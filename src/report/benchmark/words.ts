import type { BenchmarkOutcome, Evidence, Totals } from "../../audit/benchmark/benchmark.ts";
import type { CellState } from "../groups/tally.ts";

export const outcomeWords: Readonly<Record<BenchmarkOutcome, string>> = {
  fail: "fail",
  unknown: "unknown",
  manual: "manual",
  accepted: "accepted",
  pass: "pass",
  notApplicable: "not applicable",
};

export const outcomeStates: Readonly<Record<BenchmarkOutcome, CellState>> = {
  fail: "fail",
  unknown: "unknown",
  manual: "unknown",
  accepted: "accepted",
  pass: "pass",
  notApplicable: "notApplicable",
};

/** `12 pass · 3 fail · 2 manual`. */
export function sayTotals(totals: Totals): string {
  const order = ["pass", "fail", "manual", "accepted", "unknown", "notApplicable"] as const;
  return order
    .filter((outcome) => totals[outcome] > 0)
    .map((outcome) => `${totals[outcome]} ${outcomeWords[outcome]}`)
    .join(" · ");
}

/** What was seen, and for what reason it is accepted. */
export function sayEvidence({ message, suppressed }: Pick<Evidence, "message" | "suppressed">): string {
  if (!suppressed) return message;
  const { kind, reason, until } = suppressed;
  const by = kind === "comment" ? "a comment" : "the configuration";
  return `${message} (accepted by ${by}${until === null ? "" : ` until ${until}`}: ${reason || "no reason given"})`;
}
