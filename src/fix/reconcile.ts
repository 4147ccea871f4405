import type { Context } from "../controls/control.ts";
import type { Subject } from "../model/subject.ts";
import type { Failure } from "./failures.ts";
import { type Limits, withLimits, withSwap } from "./limits.ts";
import { mergeSteps } from "./merge.ts";
import { type Needs, withNeeds } from "./needs.ts";
import { stepsOf } from "./split.ts";
import type { Step } from "./step.ts";

/** What a plan may draw on beside the remedies. */
export interface Knowledge {
  readonly limits: Limits;
  /** What the workload is known to need; undefined where nothing is. */
  readonly needs: (subject: Subject) => Needs | undefined;
}

/**
 * The remedies of what a subject fails, made to fit one another: limits from who said them, what the workload is known to
 * need given back, and nothing changed twice. `before` are steps that stand already.
 */
export function reconcile(
  failures: readonly Failure[],
  subject: Subject,
  context: Context,
  { limits, needs }: Knowledge,
  before: readonly Step[] = [],
): readonly Step[] {
  const steps = stepsOf(failures);
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  if (!view) return mergeSteps(steps, before);
  const given = withNeeds(withLimits(steps, view, limits, context), view, needs(subject));
  return withSwap(mergeSteps(given, before));
}
