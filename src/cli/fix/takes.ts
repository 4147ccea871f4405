import { type Acceptance, accepts, spellAcceptance } from "../../fix/accept.ts";
import type { PlanRequest } from "../../fix/plan/plan.ts";
import type { SubjectPlan } from "../../fix/plan/step.ts";
import type { FixOptions } from "./options.ts";

/** Decisions only because nobody knows what the workload needs: a trial with its data shows that. */
const aRunSettles = new Set(["capabilities-drop", "read-only-rootfs"]);

/** What `--apply` writes: all but decisions, and of these the ones that were named. */
export function takesOf({
  safe,
  accept,
  verify,
}: Pick<FixOptions, "safe" | "accept" | "verify">): PlanRequest["takes"] {
  return (step, subject) => {
    if (step.kind === "decision") {
      const isTried = verify === true && step.controls.some((control) => aRunSettles.has(control));
      return isTried || accept.some((each) => accepts(each, step, subject));
    }
    return safe ? step.kind === "safe" : true;
  };
}

/** Why `--accept` names nothing here, in one sentence; undefined where each of them names a step. */
export function whyNothingAccepted(
  accept: readonly Acceptance[],
  plans: readonly SubjectPlan[],
): string | undefined {
  const idle = accept.filter(
    (each) =>
      !plans.some(({ subject, steps, open }) =>
        [...steps, ...open].some((step) => accepts(each, step, subject)),
      ),
  );
  if (idle.length === 0) return undefined;
  return `--accept ${idle.map(spellAcceptance).join(", ")} matches no step here; nothing was written`;
}
