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
  let steps = wanted(reconcile(failing, subject, context, knowledge));
  for (let round = 1; round < maxRounds; round += 1) {
    const after = patched(subject, steps);
    if (!after) break;
    const known = new Set(steps.flatMap(({ controls, kind }) => (kind === "manual" ? controls : [])));
    const failures = failuresOf(after, context, rules).filter(({ control }) => !known.has(control.id));
    if (failures.length === 0) break;
    const next = wanted(reconcile(failures, after, context, knowledge, steps));
    if (JSON.stringify(next) === JSON.stringify(steps)) break;
    steps = next;
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
