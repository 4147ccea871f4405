import type { Rules } from "../audit/evaluate.ts";
import type { SurveyedSubject } from "../audit/survey.ts";
import { applyPatches } from "../model/patch.ts";
import type { Subject } from "../model/subject.ts";
import { failuresOf } from "./failures.ts";
import { type Knowledge, reconcile } from "./reconcile.ts";
import type { Step, StepKind, SubjectPlan } from "./step.ts";

export interface PlanRequest extends Knowledge {
  readonly rules: Rules;
  /** Leaves out steps that are riskier. */
  readonly kinds: readonly StepKind[];
}

/** A fix may bring up what was moot before (ports once the host's network is left), and that again; not for ever. */
const maxRounds = 3;

/** What there is to do about a subject. Pure: the same input gives the same plan. */
export function planFixes(
  { subject, context }: Pick<SurveyedSubject, "subject" | "context">,
  { rules, kinds, ...knowledge }: PlanRequest,
): SubjectPlan {
  const wanted = (steps: readonly Step[]) => steps.filter(({ kind }) => kinds.includes(kind));
  const failing = failuresOf(subject, context, rules);
  const known = new Set(failing.map(({ control }) => control.id));
  let steps = wanted(reconcile(failing, subject, context, knowledge));
  for (let round = 1; round < maxRounds; round += 1) {
    const after = patched(subject, steps);
    if (!after) break;
    const controls = rules.controls.filter(({ id }) => !known.has(id));
    const fresh = failuresOf(after, context, { ...rules, controls });
    if (fresh.length === 0) break;
    for (const { control } of fresh) known.add(control.id);
    steps = wanted(reconcile(fresh, after, context, knowledge, steps));
  }
  return { subject, failing: failing.map(({ control }) => control.id), steps };
}

/** The subject as its definition would say it after the steps; undefined where there is nothing to look at again. */
function patched(subject: Subject, steps: readonly Step[]): Subject | undefined {
  const patches = steps.flatMap((step) => step.patches);
  const [view, ...others] = subject.kind === "container" ? subject.views : [];
  if (patches.length === 0 || subject.kind !== "container" || !view || others.length > 0) return undefined;
  return { ...subject, views: [applyPatches(view, patches)] };
}
