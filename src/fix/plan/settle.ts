import type { Rules } from "../../audit/evaluate.ts";
import type { Context, Control, Remedy } from "../../controls/control.ts";
import type { Patch } from "../../model/patch.ts";
import type { Subject } from "../../model/subject.ts";
import { type Children, childOf } from "./base-images.ts";
import type { Failure } from "./failures.ts";
import { hasKindRule, withKinds } from "./kinds.ts";
import { type Limits, limitOf, limitOfControl, withLimits, withSwap } from "./limits.ts";
import { mergeSteps, stepsOf } from "./merge.ts";
import { isGivenFor, type Needs, withNeeds } from "./needs.ts";
import { breaksText, joinTexts, riskier, type Step } from "./step.ts";

/**
 * A remedy as `bulkhead fix` would write it for this subject: with the default that fix sets, and with what the image is known
 * to need. So a report proposes what fix writes. Where fix asks for a value (memory, CPU), the control's starting point stays.
 */
export function settler(knowledge: Knowledge): NonNullable<Rules["settle"]> {
  // A subject is asked about once for each of its findings.
  const needs = new WeakMap<Subject, { readonly of: Needs | undefined }>();
  const remembering: Knowledge = {
    ...knowledge,
    needs: (subject) => {
      const known = needs.get(subject) ?? { of: knowledge.needs(subject) };
      needs.set(subject, known);
      return known.of;
    },
  };
  return (control, subject, context, remedy) => settled(control, subject, context, remedy, remembering);
}

function settled(
  control: Control,
  subject: Subject,
  context: Context,
  remedy: Remedy,
  knowledge: Knowledge,
): Remedy {
  const [first, second] = remedy.patches;
  if (!first && !isLimitGiven(control.id, knowledge.limits)) return remedy;
  if (first && !second && isAsProposed(control, remedy, first, subject, knowledge)) return remedy;
  const failure = { control, severity: control.severity, remedy };
  const isLimit = remedy.patches.some((patch) => limitOf(patch) !== undefined);
  const proposed = isLimit ? stepsOf([failure]) : [];
  const made = remediesOf([failure], subject, context, knowledge).map((step, index) => {
    const before = proposed[index];
    return before && isStartingPoint(before, knowledge) ? before : step;
  });
  const steps = reconcile(made, subject, knowledge);
  const breaks = joinTexts(...steps.map(breaksText));
  return {
    kind: steps.map(({ kind }) => kind).reduce(riskier, "safe"),
    summary: joinTexts(...steps.map(({ summary }) => summary)),
    patches: steps.flatMap(({ patches }) => patches),
    ...(breaks !== "" && { breaks }),
  };
}

/** Whether fix makes this one change as the control proposes it: most are, and what follows costs more than the control. */
function isAsProposed(
  { id }: Control,
  { breaks }: Remedy,
  patch: Patch,
  subject: Subject,
  { limits, children }: Knowledge,
): boolean {
  if (breaks === "" || patch.field === "oomKillDisable" || hasKindRule(id) || isGivenFor(patch)) return false;
  if (id === "image-root-user" && childOf(subject, children) !== undefined) return false;
  return limitOf(patch) === undefined || isNotGiven(patch, limits);
}

function isStartingPoint({ patches: [patch] }: Step, { limits }: Knowledge): boolean {
  return patch !== undefined && isNotGiven(patch, limits);
}

function isLimitGiven(control: string, limits: Limits): boolean {
  const name = limitOfControl(control);
  return name !== undefined && limits[name] !== undefined;
}

/** A limit for which nobody gave a value, and fix has no default. */
function isNotGiven(patch: Patch, limits: Limits): boolean {
  const name = limitOf(patch);
  return name !== undefined && name !== "pids" && limits[name] === undefined;
}

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
    breaks: [],
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
