import { evaluate, type Judged, type Rules, remedyFor } from "../audit/evaluate.ts";
import { type Ignore, ignoreOf } from "../audit/ignores.ts";
import type { Context, Control, Remedy } from "../controls/control.ts";
import { type FactList, originsOf, setItems } from "../model/fact.ts";
import type { Origin } from "../model/origin.ts";
import type { Patch } from "../model/patch.ts";
import type { Severity } from "../model/severity.ts";
import type { Subject, View } from "../model/subject.ts";

/** A control that the subject fails, with what would mend it. */
export interface Failure {
  readonly control: Control;
  readonly severity: Severity;
  readonly remedy: Remedy;
}

/**
 * What the subject fails and nobody has silenced, in the controls' order. Where a part is silenced (one mount of three),
 * the patches of that part are left out.
 */
export function failuresOf(subject: Subject, context: Context, rules: Rules): readonly Failure[] {
  const judged = evaluate(subject, context, { ...rules, spell: () => null });
  return judged.flatMap((each) => failureOf(each, subject, context, rules));
}

function failureOf(
  { finding }: Judged,
  subject: Subject,
  context: Context,
  rules: Rules,
): readonly Failure[] {
  if (finding?.verdict !== "fail" || finding.suppressed) return [];
  const control = rules.controls.find((each) => each.id === finding.control);
  const view = subject.views.find((each) => each.level === finding.level);
  const remedy = control && view && remedyFor(control, { view }, context);
  if (!remedy) return [];
  const ignores = rules.ignores.filter(({ control: id }) => id === control.id || id === "*");
  const patches = remedy.patches.filter(
    (patch) => ignores.length === 0 || !isSilenced(patch, control.id, subject, view, ignores, rules.today),
  );
  return [{ control, severity: finding.severity, remedy: { ...remedy, patches } }];
}

function isSilenced(
  patch: Patch,
  control: string,
  subject: Subject,
  view: View,
  ignores: readonly Ignore[],
  today: string,
): boolean {
  const origins = originsOfPatched(patch, view);
  if (origins.length === 0) return false;
  return ignoreOf(ignores, control, subject, { origins }, today) !== undefined;
}

/** Where the thing stands that the patch changes; nowhere for something new. */
function originsOfPatched(patch: Patch, view: View): readonly Origin[] {
  if (patch.op === "add") return [];
  const fact: unknown = Reflect.get(view, patch.field);
  if (Array.isArray(fact)) {
    if (patch.op !== "remove" && patch.op !== "replace") return [];
    const wanted = JSON.stringify(patch.value);
    const items = setItems(fact as FactList<unknown>);
    return items.filter(({ value }) => JSON.stringify(value) === wanted).flatMap(({ origins }) => origins);
  }
  return originsOf(fact as Parameters<typeof originsOf>[0]);
}
