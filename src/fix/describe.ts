import { createColors } from "picocolors";
import { groupBy } from "../base/group-by.ts";
import { visible } from "../base/visible.ts";
import { wrap } from "../base/width.ts";
import type { LineKind, Painter } from "./diff.ts";
import { type Counts, hiding, type Remaining, shownStep, snippetOf } from "./outcome.ts";
import type { Step, StepKind } from "./plan/step.ts";
import type { Planned, WrittenPlan } from "./write-plans.ts";

export interface Look {
  readonly colour: boolean;
  /** Columns. */
  readonly width: number;
}

/** Colours a diff as git does. */
export function diffPainter({ colour }: Look): Painter {
  const c = createColors(colour);
  const paints: Readonly<Record<LineKind, (text: string) => string>> = {
    file: c.bold,
    hunk: c.cyan,
    added: c.green,
    removed: c.red,
    same: (text) => text,
  };
  return (kind, line) => paints[kind](line);
}

interface DescribedStep {
  readonly kind: StepKind | "refused";
  readonly controls: readonly string[];
  readonly summary: string;
  readonly detail: string | undefined;
  readonly subjects: readonly string[];
}

/** What changes and what could break, what a person must decide or do. Equal steps of several subjects are shown once. */
export function describePlans(plans: readonly WrittenPlan[], look: Look): string {
  const c = createColors(look.colour);
  const made = grouped(plans, (plan) =>
    entriesIn(
      plan,
      plan.steps.filter(({ kind }) => kind !== "manual"),
    ),
  );
  const left = grouped(plans, (plan) =>
    entriesIn(
      plan,
      plan.steps.filter(({ kind }) => kind === "manual"),
    ),
  );
  const open = grouped(plans, (plan) => entriesIn(plan, plan.open));
  const refused = grouped(plans, (plan) =>
    plan.refused.map(({ step, reason }) => ({
      kind: "refused" as const,
      controls: step.controls,
      summary: shownStep(plan.subject, step).summary,
      detail: hiding(plan.subject)(reason),
    })),
  );
  const sections = [
    ["What changes", made],
    ["Decisions: --accept writes one", open],
    ["Left to you", left],
  ] as const;
  return [
    ...sections
      .filter(([, entries]) => entries.length > 0)
      .map(([title, entries]) => `${c.bold(title)}\n${entries.map((entry) => said(entry, look)).join("")}`),
    ...(refused.length > 0 ? [`${c.bold("Cannot be written here")}\n${sayRefused(refused, look)}`] : []),
  ].join("\n");
}

/** Most steps of a file are refused for the same reason: it is said once, before them. */
function sayRefused(refused: readonly DescribedStep[], look: Look): string {
  const byReason = groupBy(refused, ({ detail = "" }) => detail);
  return [...byReason]
    .map(([reason, entries]) => {
      const steps = entries.map((entry) => said({ ...entry, detail: undefined }, look)).join("");
      return `${indented(`Not written: ${reason}.`, look)}${steps}`;
    })
    .join("");
}

function entriesIn({ subject }: WrittenPlan, steps: readonly Step[]) {
  return steps.map((step) => entryOf(shownStep(subject, step)));
}

function entryOf({ kind, controls, summary, breaks }: Step): Omit<DescribedStep, "subjects"> {
  return { kind, controls, summary, detail: breaks === undefined ? undefined : `Could break: ${breaks}` };
}

function grouped(
  plans: readonly WrittenPlan[],
  entriesOf: (plan: WrittenPlan) => readonly Omit<DescribedStep, "subjects">[],
): readonly DescribedStep[] {
  const groups = new Map<
    string,
    { readonly entry: Omit<DescribedStep, "subjects">; readonly subjects: Set<string> }
  >();
  for (const plan of plans) {
    for (const entry of entriesOf(plan)) {
      const key = JSON.stringify(entry);
      const group = groups.get(key) ?? { entry, subjects: new Set<string>() };
      groups.set(key, group);
      group.subjects.add(plan.subject.id);
    }
  }
  return [...groups.values()].map(({ entry, subjects }) => ({ ...entry, subjects: [...subjects] }));
}

const shownSubjects = 4;

function said({ kind, controls, summary, detail, subjects }: DescribedStep, look: Look): string {
  const c = createColors(look.colour);
  const paints = {
    safe: c.green,
    behavioural: c.yellow,
    decision: c.blue,
    manual: c.cyan,
    refused: c.magenta,
  };
  const names = subjects.slice(0, shownSubjects).map(visible).join(", ");
  const more = subjects.length > shownSubjects ? ` and ${subjects.length - shownSubjects} more` : "";
  const head = `  ${paints[kind](kind)} ${c.bold(controls.join(", "))} ${c.dim(`${names}${more}`)}\n`;
  return `${head}${indented(summary, look)}${detail === undefined ? "" : indented(detail, look, c.dim)}`;
}

function indented(text: string, { width }: Look, paint: (line: string) => string = (line) => line): string {
  return wrap(visible(text), Math.min(width, 110) - 4)
    .map((line) => `    ${paint(line)}\n`)
    .join("");
}

/** One step, for a person who is asked about it. */
export function describeStep({ subject }: Pick<Planned, "subject">, written: Step, look: Look): string {
  const c = createColors(look.colour);
  const step = shownStep(subject, written);
  const snippet = snippetOf({ subject }, step);
  return [
    `\n${c.bold(visible(subject.id))}  ${step.kind}  ${step.controls.join(", ")}\n`,
    indented(step.summary, look),
    ...(snippet ?? "")
      .split("\n")
      .filter(Boolean)
      .map((line) => `      ${c.green(visible(line))}\n`),
    indented(`Why: ${step.why}`, look, c.dim),
    step.breaks === undefined ? "" : indented(`Could break: ${step.breaks}`, look, c.dim),
  ].join("");
}

/** `3 safe, 12 behavioural, 5 decision, 4 manual, 1 refused`. */
export function sayCounts({ safe, behavioural, decision, manual, refused }: Counts): string {
  return `${safe} safe, ${behavioural} behavioural, ${decision} decision, ${manual} manual, ${refused} refused`;
}

/** `12 of 40 findings remain: memory-limit 4, cpu-limit 4, pids-limit 4`. */
export function sayRemaining({ before, after, byControl }: Remaining): string {
  const noun = before === 1 ? "finding" : "findings";
  if (after === 0) return `none of ${before} ${noun} remains`;
  const named = byControl.map(([control, count]) => `${control} ${count}`).join(", ");
  // A change can bring a finding along, such as ports of a container that leaves the host's network.
  if (after > before) return `${after} findings now, ${before} before: ${named}`;
  return `${after} of ${before} ${noun} remain${after === 1 ? "s" : ""}: ${named}`;
}
