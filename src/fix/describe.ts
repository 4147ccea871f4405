import { createColors } from "picocolors";
import { groupBy } from "../base/group-by.ts";
import { visible } from "../base/visible.ts";
import { wrap } from "../base/width.ts";
import { writePort } from "../formats/values/spell.ts";
import type { Patch } from "../model/patch.ts";
import type { LineKind, Painter } from "./diff.ts";
import { type Counts, hiding, type Remaining, shownStep, snippetOf } from "./outcome.ts";
import { breaksText, type Step, type StepKind } from "./plan/step.ts";
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

/** A step as a row of its subject's block. */
interface Row {
  readonly kind: StepKind | "accepted" | "refused";
  /** Whether it is written. */
  readonly isMade: boolean;
  readonly controls: readonly string[];
  readonly text: string;
  /** The mounts, ports, variables and so on that it takes away or changes. */
  readonly items: readonly string[];
  readonly breaks: readonly string[];
  readonly knownFrom: readonly string[];
  readonly subject: string;
}

/**
 * A block for each subject: what changes, then what a person must decide or do. What every service of a file gets is said once,
 * before them; what could break once for each control, at the end.
 */
export function describePlans(plans: readonly WrittenPlan[], look: Look): string {
  const c = createColors(look.colour);
  const rows = plans.flatMap(rowsOf);
  if (rows.length === 0) return "";
  const blocks = [...groupBy(rows, ({ subject }) => fileOf(subject))].flatMap(([file, own]) =>
    blocksOf(file, own),
  );
  const said = blocks.map(
    ({ title, rows }) => `${c.bold(visible(title))}\n${rows.map((row) => sayRow(row, look)).join("")}`,
  );
  return [...said, ...sayLeft(rows, look), ...sayBreaks(rows, look)].join("\n");
}

function rowsOf({ subject, steps, open, refused }: WrittenPlan): readonly Row[] {
  const row = (step: Step, isMade: boolean): Row => {
    const { kind, controls, summary, breaks, knownFrom = [] } = shownStep(subject, step);
    const own = isMade && kind === "decision" ? "accepted" : kind;
    const items = step.patches.flatMap(itemOf).map(hiding(subject));
    return { kind: own, isMade, controls, text: summary, items, breaks, knownFrom, subject: subject.id };
  };
  const made = steps.filter(({ kind }) => kind !== "manual");
  const advice = steps.filter(({ kind }) => kind === "manual");
  return together([
    ...made.map((step) => row(step, true)),
    ...[...open, ...advice].map((step) => row(step, false)),
    ...refused.map(({ step, reason }): Row => {
      const text = `${row(step, false).text} Not written: ${hiding(subject)(reason)}.`;
      return { ...row(step, false), kind: "refused", text };
    }),
  ]);
}

/** One row for what is the same but for its items. */
function together(rows: readonly Row[]): readonly Row[] {
  const alike = groupBy(rows, ({ kind, isMade, controls, text }) =>
    JSON.stringify([kind, isMade, controls, text]),
  );
  return [...alike.values()].flatMap((same) => {
    const [first] = same;
    if (!first) return [];
    const breaks = [...new Set(same.flatMap((row) => row.breaks))];
    const knownFrom = [...new Set(same.flatMap((row) => row.knownFrom))];
    return [{ ...first, items: [...new Set(same.flatMap(({ items }) => items))], breaks, knownFrom }];
  });
}

/** What a patch takes away or changes, as a person names it; a variable by its name alone. */
function itemOf(patch: Patch): readonly string[] {
  if (patch.op !== "remove" && patch.op !== "replace") return [];
  if (typeof patch.value === "string") return [patch.value];
  if (patch.field === "mounts") {
    const { source, target } = patch.value;
    return [source === undefined ? target : `${source}:${target}`];
  }
  if (patch.field === "ports") return [writePort(patch.value)];
  if (patch.field === "devices") return [patch.value.hostPath];
  return "name" in patch.value ? [patch.value.name] : [];
}

/** `compose.yaml` of `compose.yaml#web`. */
function fileOf(subject: string): string {
  return subject.split("#")[0] ?? subject;
}

function blocksOf(
  file: string,
  rows: readonly Row[],
): readonly { readonly title: string; readonly rows: readonly Row[] }[] {
  const bySubject = groupBy(rows, ({ subject }) => subject);
  const keyOf = ({ kind, isMade, controls, text, items }: Row) =>
    JSON.stringify([isMade ? "made" : kind, controls, text, items]);
  const alike = groupBy(rows, keyOf);
  const ofAll = (each: readonly Row[]) => new Set(each.map(({ subject }) => subject)).size === bySubject.size;
  const shared = bySubject.size < 2 ? [] : [...alike.values()].filter(ofAll);
  const isShared = new Set(shared.flat());
  const own = [...bySubject].map(([title, all]) => ({
    title,
    rows: all.filter((row) => !isShared.has(row)),
  }));
  const every = { title: `${file}: all ${bySubject.size}`, rows: shared.flatMap(riskiest) };
  return [every, ...own].filter((block) => block.rows.length > 0);
}

/** One row for all: what is safe for some services only is called behavioural. */
function riskiest(rows: readonly Row[]): readonly Row[] {
  const risky = rows.filter(({ kind }) => kind === "behavioural");
  return [...risky, ...rows].slice(0, 1);
}

function sayRow({ kind, controls, text, items }: Row, look: Look): string {
  const named = items.filter((item) => !text.includes(item));
  const said = named.length === 0 ? text : `${text.replace(/\.$/, "")} (${named.join(", ")}).`;
  const c = createColors(look.colour);
  const paints = {
    safe: c.green,
    behavioural: c.yellow,
    decision: c.blue,
    accepted: c.blue,
    manual: c.cyan,
    refused: c.magenta,
  };
  const indent = " ".repeat(4);
  const [first = "", ...more] = wrap(
    `${kind} ${controls.join(", ")}: ${visible(said)}`,
    Math.min(look.width, 110) - indent.length,
  );
  const head = `${kind} ${controls.join(", ")}:`;
  const painted = first.startsWith(head)
    ? `${paints[kind](kind)} ${c.bold(controls.join(", "))}:${first.slice(head.length)}`
    : first;
  return `  ${painted}\n${more.map((line) => `${indent}${line}\n`).join("")}`;
}

/** What the kinds of rows that are not written ask of a person. */
function sayLeft(rows: readonly Row[], look: Look): readonly string[] {
  const has = (kind: Row["kind"]) => rows.some((row) => row.kind === kind);
  const texts = [
    ...(has("decision") ? ["A decision is written with --accept CONTROL, or --accept CONTROL@SERVICE."] : []),
    ...(has("manual") ? ["What is manual is left to you."] : []),
  ];
  return texts.length === 0 ? [] : [indented(texts.join(" "), look).replace(/^ {2}/gm, "")];
}

/** For each control what could break and how it looks; what only some services share is said with their names. */
function sayBreaks(rows: readonly Row[], look: Look): readonly string[] {
  const c = createColors(look.colour);
  const made = rows.filter(({ isMade }) => isMade);
  const said = made.flatMap(({ controls, breaks, subject }) =>
    breaks.map((text) => ({ topic: controls.join(", "), text, subject })),
  );
  if (said.length === 0) return [];
  const topics = groupBy(said, ({ topic }) => topic);
  // The same for each control of a service.
  const sources = made.flatMap(({ knownFrom, subject }) => knownFrom.map((text) => ({ text, subject })));
  const entries = [
    ...[...topics].map(([topic, own]) => `${topic}: ${bySubjects(own)}`),
    ...(sources.length === 0 ? [] : [`What an image needs: ${bySubjects(sources)}`]),
  ];
  const lines = entries.map((entry) => {
    const [first = "", ...more] = wrap(visible(entry), Math.min(look.width, 110) - 4);
    return `  ${c.dim(first)}\n${more.map((line) => `    ${c.dim(line)}\n`).join("")}`;
  });
  return [`${c.bold("Could break: look for it once it runs again")}\n${lines.join("")}`];
}

/** Each sentence once, those that all share first. */
function bySubjects(said: readonly { readonly text: string; readonly subject: string }[]): string {
  const all = new Set(said.map(({ subject }) => subject));
  const names = (of: Iterable<string>) =>
    [...of].map((id) => id.slice(fileOf(id).length + 1) || id).join(", ");
  const byText = [...groupBy(said, ({ text }) => text)].map(([text, own]) => {
    const of = new Set(own.map(({ subject }) => subject));
    return { text, whose: of.size === all.size ? "" : names(of) };
  });
  const [common, others] = [
    byText.filter(({ whose }) => whose === ""),
    byText.filter(({ whose }) => whose !== ""),
  ];
  return [
    ...common.map(({ text }) => text),
    ...[...groupBy(others, ({ whose }) => whose)].map(
      ([whose, own]) => `${whose}: ${own.map(({ text }) => text).join(" ")}`,
    ),
  ].join(" ");
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
  const breaks = breaksText(step);
  return [
    `\n${c.bold(visible(subject.id))}  ${step.kind}  ${step.controls.join(", ")}\n`,
    indented(step.summary, look),
    ...(snippet ?? "")
      .split("\n")
      .filter(Boolean)
      .map((line) => `      ${c.green(visible(line))}\n`),
    indented(`Why: ${step.why}`, look, c.dim),
    breaks === undefined ? "" : indented(`Could break: ${breaks}`, look, c.dim),
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
