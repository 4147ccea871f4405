import type { Verified } from "./verify.ts";

/** The document that `bulkhead fix --verify --format json` prints; its shape is a public interface. */
export function verifyDocument(all: readonly Verified[]): object {
  return {
    schemaVersion: 1,
    workloads: all.map(({ plan, unsteady, check, outcomes, starts, seconds }) => ({
      subject: plan.subject.id,
      steady: unsteady === undefined,
      reason: unsteady ?? null,
      check,
      steps: outcomes.map(({ step, outcome, reason, evidence }) => ({
        control: step.controls[0] ?? null,
        controls: step.controls,
        summary: step.summary,
        outcome,
        reason: reason ?? null,
        evidence,
      })),
      starts,
      seconds,
    })),
  };
}

/** 0 all that was tried holds, 1 a step broke, 2 an untouched workload does not run or is not steady. */
export function verifyStatus(all: readonly Verified[]): 0 | 1 | 2 {
  if (all.some(({ unsteady }) => unsteady !== undefined)) return 2;
  return all.some(({ outcomes }) => outcomes.some(({ outcome }) => outcome === "breaks")) ? 1 : 0;
}
