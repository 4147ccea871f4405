import type { Context } from "../../controls/control.ts";
import type { Subject } from "../../model/subject.ts";
import { type Children, childOf } from "./base-images.ts";
import type { Failure } from "./failures.ts";
import { withKinds } from "./kinds.ts";
import { type Limits, withLimits, withSwap } from "./limits.ts";
import { mergeSteps } from "./merge.ts";
import { type Needs, withNeeds } from "./needs.ts";
import { stepsOf } from "./split.ts";
import type { Step } from "./step.ts";

/** What a plan uses beside the remedies. */
export interface Knowledge {
  readonly limits: Limits;
  /** What the workload is known to need; undefined where nothing is. */
  readonly needs: (subject: Subject) => Needs | undefined;
  /** Dockerfiles that others build on. */
  readonly children?: Children;
}

/** The remedies of what a subject fails, with the limits that somebody gave and the kind that each has for this workload. */
export function remediesOf(
  failures: readonly Failure[],
  subject: Subject,
  context: Context,
  { limits, needs, children }: Knowledge,
): readonly Step[] {
  const steps = stepsOf(failures).map((step) => forChildren(step, subject, children));
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  return view ? withKinds(withLimits(steps, view, limits, context), view, needs(subject)) : steps;
}

/** A user in an image that others build on breaks their builds: it belongs to the end of theirs. */
function forChildren(step: Step, subject: Subject, children: Children | undefined): Step {
  const child = childOf(subject, children);
  if (child === undefined || step.controls[0] !== "image-root-user") return step;
  const where =
    child === "" ? "Other images build on this one (it has ONBUILD)" : `${child} builds on this image`;
  return {
    ...step,
    kind: "manual",
    summary: `${where}: set USER at the end of that Dockerfile instead. A user here would run its RUN lines without root.`,
    breaks: undefined,
    patches: [],
  };
}

/**
 * Makes steps fit one another: what the workload is known to need is given back, and nothing is changed twice. `before` are
 * steps that are part of the plan already.
 */
export function reconcile(
  steps: readonly Step[],
  subject: Subject,
  { needs }: Pick<Knowledge, "needs">,
  before: readonly Step[] = [],
): readonly Step[] {
  const view = subject.kind === "container" ? subject.views[0] : undefined;
  if (!view) return mergeSteps(steps, before);
  return withSwap(mergeSteps(withNeeds(steps, view, needs(subject)), before));
}
