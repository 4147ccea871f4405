import type { Rules } from "../../audit/evaluate.ts";
import type { SurveyedSubject } from "../../audit/survey.ts";
import { applyPatches } from "../../model/patch.ts";
import type { Subject } from "../../model/subject.ts";
import { failuresOf } from "./failures.ts";
import { type Knowledge, reconcile, remediesOf } from "./settle.ts";
import type { Step, SubjectPlan } from "./step.ts";

export interface PlanRequest extends Knowledge {
  readonly rules: Rules;
  /** Which steps are part of the plan; decisions that are not are left open. */
  readonly takes: (step: Step, subject: Subject) => boolean;
}

/** A fix may make another control fail (ports, once the host's network is left). That is fixed too, but not forever. */
const maxRounds = 3;

/** What there is to do about a subject. Pure: the same input gives the same plan. */
export function planFixes(
  { subject, context }: Pick<SurveyedSubject, "subject" | "context">,
  { rules, takes, ...knowledge }: PlanRequest,
): SubjectPlan {
  const failing = failuresOf(subject, context, rules);
  const known = new Set(failing.map(({ control }) => control.id));
  const open: Step[] = [];
  let steps: readonly Step[] = [];
  let current = subject;
  let fresh = failing;
  for (let round = 0; round < maxRounds && fresh.length > 0; round += 1) {
    const remedies = remediesOf(fresh, current, context, knowledge);
    const taken = remedies.filter((step) => takes(step, subject));
    steps = reconcile(taken, current, knowledge, steps);
    open.push(...remedies.filter((step) => step.kind === "decision" && !taken.includes(step)));
    const after = patched(subject, steps);
    if (!after) break;
    current = after;
    const controls = rules.controls.filter(({ id }) => !known.has(id));
    fresh = failuresOf(after, context, { ...rules, controls });
    for (const { control } of fresh) known.add(control.id);
  }
  return {
    subject,
    failing: failing.map(({ control }) => control.id),
    steps,
    open: reconcile(open, subject, knowledge),
  };
}

/** The subject as its definition would be after the steps; undefined where there is nothing to look at again. */
function patched(subject: Subject, steps: readonly Step[]): Subject | undefined {
  const patches = steps.flatMap((step) => step.patches);
  const [view, ...others] = subject.kind === "container" ? subject.views : [];
  if (patches.length === 0 || subject.kind !== "container" || !view || others.length > 0) return undefined;
  return { ...subject, views: [applyPatches(view, patches)] };
}

/** Takes every change, decisions among them: for who has chosen the controls by name. */
export function takesAll({ kind }: Step): boolean {
  return kind !== "manual";
}
