import { diskFiles } from "../audit/inputs/disk-files.ts";
import { spellRemedy } from "../audit/spell.ts";
import { type SurveyRequest, survey } from "../audit/survey.ts";
import { covererOf } from "../model/credentials/mask.ts";
import type { Gap } from "../model/gap.ts";
import type { Subject } from "../model/subject.ts";
import { redactSentence, redactSource } from "../report/secrets/redact.ts";
import type { ChangedText } from "./changed-texts.ts";
import { failuresOf } from "./plan/failures.ts";
import { breaksText, type Step, type StepKind } from "./plan/step.ts";
import type { WrittenPlan } from "./write-plans.ts";

/** What `bulkhead fix` did, or would do. */
interface FixOutcome {
  readonly plans: readonly WrittenPlan[];
  readonly files: readonly FileOutcome[];
  readonly gaps: readonly Gap[];
}

export interface FileOutcome {
  readonly text: ChangedText;
  readonly written: boolean;
}

export interface Counts extends Readonly<Record<StepKind, number>> {
  readonly refused: number;
}

export function countsOf(plans: readonly WrittenPlan[]): Counts {
  const steps = plans.flatMap((plan) => [...plan.steps, ...plan.open]);
  const count = (kind: StepKind) => steps.filter((step) => step.kind === kind).length;
  return {
    safe: count("safe"),
    behavioural: count("behavioural"),
    decision: count("decision"),
    manual: count("manual"),
    refused: plans.reduce((sum, plan) => sum + plan.refused.length, 0),
  };
}

/** The document that `--format json` prints; its shape is a public interface. */
export function outcomeDocument({ plans, files, gaps }: FixOutcome): object {
  return {
    schemaVersion: 1,
    subjects: plans
      .filter(({ steps, open, refused }) => steps.length + open.length + refused.length > 0)
      .map((plan) => ({
        subject: plan.subject.id,
        patches: [
          ...plan.steps.map((step) => ({
            ...stepDocument(plan, step),
            ...(step.kind === "decision" && { accepted: true }),
          })),
          ...plan.open.map((step) => ({ ...stepDocument(plan, step), accepted: false })),
        ],
        refused: plan.refused.map(({ step, reason }) => ({
          ...stepDocument(plan, step),
          reason: hiding(plan.subject)(reason),
        })),
      })),
    files: files.map(({ text, written }) => ({ file: text.file, edits: text.edits, written })),
    gaps: gaps.map(({ file, subject, reason }) => ({
      file: file ?? null,
      subject: subject ?? null,
      reason: redactSentence(reason),
    })),
    summary: countsOf(plans),
  };
}

function stepDocument({ subject }: WrittenPlan, step: Step): object {
  const shown = shownStep(subject, step);
  const { controls, kind, summary } = shown;
  return {
    controls,
    kind,
    summary,
    snippet: snippetOf({ subject }, step),
    breaks: breaksText(shown) ?? null,
  };
}

/** Takes credentials out of a sentence about the subject: those that it has, and what looks like one. */
export function hiding(subject: Subject): (text: string) => string {
  return (text) => redactSentence(covererOf(subject)(text));
}

/** The step as a person may see it. */
export function shownStep(subject: Subject, step: Step): Step {
  const hide = hiding(subject);
  return {
    ...step,
    summary: hide(step.summary),
    why: hide(step.why),
    breaks: step.breaks.map(hide),
  };
}

/** The step in the subject's own syntax, without credentials; null for advice. */
export function snippetOf(
  { subject }: Pick<WrittenPlan, "subject">,
  step: Pick<Step, "patches">,
): string | null {
  const text = spellRemedy(subject, step);
  return text === null ? null : covererOf(subject)(text).split("\n").map(redactSource).join("\n");
}

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
  // As fix read them: without that a service of two projects counts once for each.
  const { subjects, rules } = await survey(
    { ...request, forWriting: true },
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
