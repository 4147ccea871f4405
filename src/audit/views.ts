import type { Checks, Context, Control, Where } from "../controls/control.ts";
import type { Level } from "../model/level.ts";
import { levels } from "../model/level.ts";
import type { Subject, SubjectKind, View } from "../model/subject.ts";
import type { Verdict, VerdictName } from "../model/verdict.ts";

/** What a control says of one view. */
export interface ViewVerdict {
  readonly view: View;
  readonly verdict: Verdict;
}

const places: Readonly<Record<SubjectKind, Readonly<Record<Level, readonly Where[]>>>> = {
  container: { declared: ["F"], configured: ["A"], effective: ["K"] },
  exec: { declared: ["F"], configured: ["A"], effective: ["K"] },
  image: { declared: ["D"], configured: ["A"], effective: [] },
  engine: { declared: ["J", "F"], configured: ["E", "J"], effective: ["E", "J"] },
};

/** Whether the control applies to this kind of subject at this level. */
export function appliesAt(control: Control, kind: SubjectKind, level: Level): boolean {
  return (
    control.check[kind] !== undefined && places[kind][level].some((place) => control.where.includes(place))
  );
}

/**
 * Judges every view of the subject that the control can be told at; strongest level first. A view that does not show what the
 * control looks at is left out where another one does.
 */
export function judgeViews(control: Control, subject: Subject, context: Context): readonly ViewVerdict[] {
  if (!control.check[subject.kind]) return [];
  const [only] = subject.views;
  if (only && subject.views.length === 1) {
    const applies = appliesAt(control, only.kind, only.level);
    return applies ? [{ view: only, verdict: judgeView(control.check, only, context) }] : [];
  }
  const views = subject.views.filter((view) => appliesAt(control, view.kind, view.level));
  if (views.length > 1) views.sort((a, b) => levels.indexOf(b.level) - levels.indexOf(a.level));
  const judged = views.map((view) => ({ view, verdict: judgeView(control.check, view, context) }));
  if (judged.length < 2) return judged;
  const telling = judged.filter(({ verdict }) => !(verdict.verdict === "unknown" && verdict.unseen));
  return telling.length > 0 ? telling : judged;
}

function judgeView(check: Checks, view: View, context: Context): Verdict {
  const verdict =
    view.kind === "container"
      ? check.container?.(view, context)
      : view.kind === "engine"
        ? check.engine?.(view, context)
        : view.kind === "image"
          ? check.image?.(view, context)
          : check.exec?.(view, context);
  return verdict ?? { verdict: "notApplicable", reason: "this control does not judge it" };
}

/**
 * The one verdict of a control on a subject, out of its views (strongest level first).
 *
 * A failure at any level is a failure, at the strongest level that shows it, unless the control is settled by
 * the kernel and the kernel is seen. Without a failure the strongest view that could tell decides: a pass in the kernel
 * outweighs a configuration that could not be evaluated, an unreadable kernel is `unknown`.
 */
export function decide(control: Control, views: readonly ViewVerdict[]): ViewVerdict | undefined {
  const strongest = views[0];
  if (views.length < 2) return strongest;
  if (control.settledBy === "effective" && strongest && isSettled(strongest)) return strongest;
  return (
    views.find((each) => each.verdict.verdict === "fail") ??
    views.find((each) => each.verdict.verdict !== "notApplicable") ??
    strongest
  );
}

function isSettled({ view, verdict }: ViewVerdict): boolean {
  return view.level === "effective" && (verdict.verdict === "pass" || verdict.verdict === "fail");
}

/** Whether the kernel holds what the configuration lacks: the effective view passes although another fails. */
export function isHeld(views: readonly ViewVerdict[]): boolean {
  const effective = views.find((each) => each.view.level === "effective");
  return effective?.verdict.verdict === "pass";
}

export function observedOf(verdict: Verdict): string | undefined {
  return verdict.verdict === "pass" || verdict.verdict === "fail" ? verdict.observed : undefined;
}

/** Both sides where views disagree: `; the Engine says memory 128 MiB, the kernel memory unlimited`. */
export function disagreement(views: readonly ViewVerdict[]): string {
  const names = new Set<VerdictName>(views.map((each) => each.verdict.verdict));
  if (!names.has("fail") || !names.has("pass")) return "";
  const said = views.flatMap(({ view, verdict }) => {
    const observed = observedOf(verdict) ?? (verdict.verdict === "pass" ? "no such thing" : undefined);
    return observed ? [`${speakers[view.level]} ${observed}`] : [];
  });
  return said.length < 2 ? "" : ` (${said.join("; ")})`;
}

const speakers: Readonly<Record<Level, string>> = {
  declared: "the file says:",
  configured: "the Engine says:",
  effective: "the kernel says:",
};
