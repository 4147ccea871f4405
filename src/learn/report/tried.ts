import { hiding, shownStep } from "../../fix/outcome.ts";
import type { Learnt } from "../learnt.ts";
import { learntFacts, sayRuns, sayWeak } from "./describe.ts";

/** As the HTML report has it, without credentials. */
export function triedLearnt(learnt: Learnt) {
  const { plan, failure, broken } = learnt;
  const { subject } = plan;
  const hide = hiding(subject);
  const held = { outcome: "holds", reason: undefined, evidence: [] } as const;
  return {
    subject: subject.id,
    failure: failure === undefined ? undefined : hide(failure),
    note: hide([`${sayRuns(learnt)}.`, ...sayWeak(learnt)].join(" ")),
    facts: failure === undefined ? learntFacts(learnt) : [],
    steps: [
      ...plan.steps.map((step) => ({ ...shownStep(subject, step), ...held })),
      ...broken.map(({ step, reason, evidence }) => ({
        ...shownStep(subject, step),
        outcome: "breaks" as const,
        reason: hide(reason),
        evidence: evidence.map(hide),
      })),
    ],
  };
}
