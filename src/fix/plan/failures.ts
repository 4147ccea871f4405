import { assess, remedyOf, worstOf } from "../../audit/assess.ts";
import type { Rules } from "../../audit/evaluate.ts";
import { ignoreOf } from "../../audit/ignores.ts";
import { isEqual } from "../../base/equal.ts";
import type { Context, Control, Remedy } from "../../controls/control.ts";
import { type FactList, originsOf, setItems } from "../../model/fact.ts";
import type { Origin } from "../../model/origin.ts";
import type { Patch } from "../../model/patch.ts";
import type { Severity } from "../../model/severity.ts";
import type { Subject, View } from "../../model/subject.ts";

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
export function failuresOf(
  subject: Subject,
  context: Context,
  rules: Pick<Rules, "controls" | "ignores" | "today">,
): readonly Failure[] {
  return rules.controls.flatMap((control) => {
    const assessment = assess(control, subject, context, { ...rules, severities: {} });
    if (assessment?.verdict.verdict !== "fail" || assessment.suppression) return [];
    const remedy = remedyOf(assessment, context);
    if (!remedy) return [];
    const ignores = rules.ignores.filter(({ control: id }) => id === control.id || id === "*");
    const silenced = (origins: readonly Origin[]) =>
      ignoreOf(ignores, control.id, subject, { origins }, rules.today) !== undefined;
    const patches = remedy.patches.filter(
      (patch) => ignores.length === 0 || !isSilenced(patch, assessment.view, silenced),
    );
    const isWhole = patches.length === remedy.patches.length;
    const severity = worstOf(assessment.problems)?.severity ?? control.severity;
    return [{ control, severity, remedy: isWhole ? remedy : { ...remedy, patches } }];
  });
}

/** Whether what the patch changes is a part that was silenced. Something new has no place, and is silenced with the whole. */
function isSilenced(patch: Patch, view: View, silenced: (origins: readonly Origin[]) => boolean): boolean {
  const origins = originsOfPatched(patch, view);
  return origins.length > 0 && silenced(origins);
}

/** Where the thing stands that the patch changes; nowhere for something new. */
function originsOfPatched(patch: Patch, view: View): readonly Origin[] {
  if (patch.op === "add") return [];
  const fact: unknown = Reflect.get(view, patch.field);
  if (Array.isArray(fact)) {
    if (patch.op !== "remove" && patch.op !== "replace") return [];
    const items = setItems(fact as FactList<unknown>);
    return items.filter(({ value }) => isEqual(value, patch.value)).flatMap(({ origins }) => origins);
  }
  return originsOf(fact as Parameters<typeof originsOf>[0]);
}
