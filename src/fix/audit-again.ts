import { diskFiles } from "../audit/inputs/disk-files.ts";
import { type SurveyRequest, survey } from "../audit/survey.ts";
import { failuresOf } from "./plan/failures.ts";
import type { WrittenPlan } from "./write-plans.ts";

/** What an audit of the files says after they were written. */
export interface Remaining {
  /** How many findings there were, and are. */
  readonly before: number;
  readonly after: number;
  /** What is left, by control, the most frequent first. */
  readonly byControl: readonly (readonly [control: string, count: number])[];
  /** Findings that a written step should have mended: `compose.yaml#web host-network`. */
  readonly notMended: readonly string[];
}

/** Reads the files anew from the disk and judges them by the same rules. */
export async function auditAgain(request: SurveyRequest, plans: readonly WrittenPlan[]): Promise<Remaining> {
  const { subjects, rules } = await survey(
    request,
    () => null,
    diskFiles(),
    async () => undefined,
  );
  const promised = new Map(plans.map((plan) => [plan.subject.stableId, mended(plan)]));
  const left = subjects.flatMap(({ subject, context }) =>
    promised.has(subject.stableId)
      ? failuresOf(subject, context, rules).map(({ control }) => ({ subject, control: control.id }))
      : [],
  );
  const counts = new Map<string, number>();
  for (const { control } of left) counts.set(control, (counts.get(control) ?? 0) + 1);
  return {
    before: plans.reduce((sum, { failing }) => sum + failing.length, 0),
    after: left.length,
    byControl: [...counts].toSorted(([, a], [, b]) => b - a),
    notMended: left
      .filter(({ subject, control }) => promised.get(subject.stableId)?.has(control))
      .map(({ subject, control }) => `${subject.id} ${control}`),
  };
}

/** What the written steps mend wholly: nothing of the control is left to a person, refused or declined. */
function mended({ steps, open, refused, declined }: WrittenPlan): ReadonlySet<string> {
  const left = [
    ...refused.map(({ step }) => step),
    ...declined,
    ...open,
    ...steps.filter((step) => step.kind === "manual"),
  ];
  const remaining = new Set(left.flatMap(({ controls }) => controls));
  const made = steps.filter(({ patches }) => patches.length > 0).flatMap(({ controls }) => controls);
  return new Set(made.filter((control) => !remaining.has(control)));
}
