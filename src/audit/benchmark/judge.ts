import type { Control } from "../../controls/control.ts";
import { allControls } from "../../controls/registry.ts";
import { type Assessment, assess, remedyOf as mendOf, placesOf, type Weighing } from "../assess.ts";
import type { SurveyedSubject } from "../survey.ts";
import { observedOf } from "../views.ts";
import {
  type Benchmark,
  type BenchmarkOutcome,
  type BenchmarkResult,
  type Evidence,
  outcomes,
  type Recommendation,
  type RecommendationResult,
  type SectionResult,
  type Totals,
} from "./benchmark.ts";

/** The most evidence that a table shows. */
const mostEvidence = 10;

const byId = new Map(allControls.map((control) => [control.id, control]));

/** Every recommendation of a benchmark against what was read; what ignores accept is neither a pass nor a failure. Pure. */
export function judgeBenchmark(
  benchmark: Benchmark,
  subjects: readonly SurveyedSubject[],
  weighing: Weighing,
): BenchmarkResult {
  const sections = benchmark.sections.map(({ number, title, recommendations }): SectionResult => {
    const results = recommendations.map((each) => judgeRecommendation(each, subjects, weighing));
    return { number, title, totals: totalsOf(results), results };
  });
  return {
    id: benchmark.id,
    title: benchmark.title,
    totals: totalsOf(sections.flatMap(({ results }) => results)),
    sections,
  };
}

function totalsOf(results: readonly RecommendationResult[]): Totals {
  const count = (outcome: BenchmarkOutcome) => results.filter((each) => each.outcome === outcome).length;
  return {
    fail: count("fail"),
    unknown: count("unknown"),
    manual: count("manual"),
    accepted: count("accepted"),
    pass: count("pass"),
    notApplicable: count("notApplicable"),
  };
}

interface ControlEvidence {
  readonly outcome: BenchmarkOutcome;
  readonly evidence: Evidence;
  readonly remedy: string | undefined;
}

function judgeRecommendation(
  recommendation: Recommendation,
  subjects: readonly SurveyedSubject[],
  weighing: Weighing,
): RecommendationResult {
  const { number, own = number, title, level, scored, controls, manual } = recommendation;
  const judged = controls.flatMap((id) => {
    const control = byId.get(id);
    return control ? subjects.flatMap((each) => judgeSubject(controlFor(control, own), each, weighing)) : [];
  });
  const found = outcomes.find((outcome) => judged.some((each) => each.outcome === outcome));
  const outcome = outcomeOf(found, manual);
  const shown = judged.filter((each) => each.outcome === found);
  const evidence = shown.slice(0, mostEvidence).map((each) => each.evidence);
  return {
    number,
    title,
    level,
    scored,
    outcome,
    controls,
    evidence,
    more: shown.length - evidence.length,
    remedy: remedyOf(outcome, manual, shown),
  };
}

/** What only a person can decide is neither a pass nor a failure. */
function outcomeOf(found: BenchmarkOutcome | undefined, manual: string | undefined): BenchmarkOutcome {
  if (manual !== undefined && (found === undefined || found === "fail" || found === "unknown"))
    return "manual";
  return found ?? "notApplicable";
}

function remedyOf(
  outcome: BenchmarkOutcome,
  manual: string | undefined,
  shown: readonly ControlEvidence[],
): string | null {
  if (outcome === "manual") return manual ?? null;
  return outcome === "fail" ? (shown.find(({ remedy }) => remedy !== undefined)?.remedy ?? null) : null;
}

/** A control that stands for several recommendations judges each by its own check. */
function controlFor(control: Control, own: string): Control {
  const check = control.recommendations?.[own];
  return check ? { ...control, check } : control;
}

function judgeSubject(
  control: Control,
  { subject, context }: SurveyedSubject,
  weighing: Weighing,
): readonly ControlEvidence[] {
  const assessment = assess(control, subject, context, weighing);
  if (!assessment) return [];
  const { verdict, view, suppression } = assessment;
  return [
    {
      outcome: suppression ? "accepted" : verdict.verdict,
      evidence: {
        subject: subject.id,
        control: control.id,
        level: view.level,
        message: messageOf(assessment),
        locations: placesOf(assessment),
        suppressed: suppression ?? null,
      },
      remedy: verdict.verdict === "fail" ? mendOf(assessment, context)?.summary : undefined,
    },
  ];
}

function messageOf({ verdict, problems }: Assessment): string {
  if (verdict.verdict === "fail") return problems.map(({ message }) => message).join("; ");
  return verdict.verdict === "pass" ? (observedOf(verdict) ?? "") : verdict.reason;
}
