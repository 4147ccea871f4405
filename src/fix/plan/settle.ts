import type { Rules } from "../../audit/evaluate.ts";
import type { Context, Control, Remedy } from "../../controls/control.ts";
import type { Patch } from "../../model/patch.ts";
import type { Subject } from "../../model/subject.ts";
import { childOf } from "./base-images.ts";
import { hasKindRule } from "./kinds.ts";
import { type Limits, limitOf } from "./limits.ts";
import { isGivenFor, type Needs } from "./needs.ts";
import { type Knowledge, reconcile, remediesOf } from "./reconcile.ts";
import { stepsOf } from "./split.ts";
import { joinTexts, riskier, type Step } from "./step.ts";

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
  if (!first || (!second && isAsProposed(control, remedy, first, subject, knowledge))) return remedy;
  const failure = { control, severity: control.severity, remedy };
  const isLimit = remedy.patches.some((patch) => limitOf(patch) !== undefined);
  const proposed = isLimit ? stepsOf([failure]) : [];
  const made = remediesOf([failure], subject, context, knowledge).map((step, index) => {
    const before = proposed[index];
    return before && isStartingPoint(before, knowledge) ? before : step;
  });
  const steps = reconcile(made, subject, knowledge);
  const breaks = joinTexts(...steps.map((step) => step.breaks));
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

/** A limit for which nobody gave a value, and fix has no default. */
function isNotGiven(patch: Patch, limits: Limits): boolean {
  const name = limitOf(patch);
  return name !== undefined && name !== "pids" && limits[name] === undefined;
}
