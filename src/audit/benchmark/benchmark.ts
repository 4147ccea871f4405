import type { Suppression } from "../../model/exemption.ts";
import type { Level } from "../../model/level.ts";
import type { Origin } from "../../model/origin.ts";

/** A recommendation of a benchmark, in our own words, with how it is judged. */
export interface Recommendation {
  /** `5.4`, as docker-bench-security numbers it. */
  readonly number: string;
  /** Under which name a control keeps its check of this one alone, where that is not the number. */
  readonly own?: string;
  /** What is wanted, in a few words. */
  readonly title: string;
  readonly level: 1 | 2;
  /** Whether the benchmark counts it in its score; the others ask for a person. */
  readonly scored: boolean;
  /** The controls that judge it; none where only a person can. */
  readonly controls: readonly string[];
  /** What a person has to look at. With controls: what they find is for a person to decide, and no failure. */
  readonly manual: string | undefined;
}

export interface Section {
  readonly number: string;
  readonly title: string;
  readonly recommendations: readonly Recommendation[];
}

export interface Benchmark {
  /** `cis-1.6` or `cis-1.8`. */
  readonly id: string;
  readonly title: string;
  readonly sections: readonly Section[];
}

/** Worst first. `accepted`: it fails or is unknown, and ignores with a reason accept all of that. */
export const outcomes = ["fail", "unknown", "manual", "accepted", "pass", "notApplicable"] as const;
export type BenchmarkOutcome = (typeof outcomes)[number];

/** What was seen of a recommendation. */
export interface Evidence {
  readonly subject: string;
  readonly control: string;
  readonly level: Level;
  readonly message: string;
  readonly locations: readonly Origin[];
  /** The ignore that accepts it. */
  readonly suppressed: Suppression | null;
}

export interface RecommendationResult {
  readonly number: string;
  readonly title: string;
  readonly level: 1 | 2;
  readonly scored: boolean;
  readonly outcome: BenchmarkOutcome;
  readonly controls: readonly string[];
  /** Worst first, at most as many as a reader wants; `more` counts the rest. */
  readonly evidence: readonly Evidence[];
  readonly more: number;
  /** What to do about it; null if nothing needs doing. */
  readonly remedy: string | null;
}

export type Totals = Readonly<Record<BenchmarkOutcome, number>>;

export interface SectionResult {
  readonly number: string;
  readonly title: string;
  readonly totals: Totals;
  readonly results: readonly RecommendationResult[];
}

export interface BenchmarkResult {
  readonly id: string;
  readonly title: string;
  readonly totals: Totals;
  readonly sections: readonly SectionResult[];
}
