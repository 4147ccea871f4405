import { hash } from "node:crypto";
import type { Context, Control, Remedy } from "../controls/control.ts";
import { covererOf } from "../model/credentials/mask.ts";
import type { Engine } from "../model/engine.ts";
import type { FileOrigin, Origin } from "../model/origin.ts";
import type { Since } from "../model/since.ts";
import type { Subject, SubjectKind } from "../model/subject.ts";
import type { VerdictName } from "../model/verdict.ts";
import { type Assessment, assess, placesOf, remedyOf, type Weighing, worstOf } from "./assess.ts";
import type { Finding, Fix } from "./finding.ts";
import { disagreement, observedOf, type ViewVerdict } from "./views.ts";

/** How to judge. */
export interface Rules extends Weighing {
  readonly controls: readonly Control[];
  /** Patches in the subject's own syntax, where they can be spelled; a container that runs needs its Engine's client. */
  readonly spell: (subject: Subject, remedy: Remedy, engine?: Engine) => string | null;
  /** A remedy as `bulkhead fix` writes it for the subject; without it a report shows the control's own. */
  readonly settle?:
    | ((control: Control, subject: Subject, context: Context, remedy: Remedy) => Remedy)
    | undefined;
  /** A line of a file that was read, counted from 1; without it a subject's head is where its definition begins. */
  readonly line?: (file: string, line: number) => string | undefined;
}

export interface ControlResult {
  readonly control: string;
  readonly verdict: VerdictName;
  /** Undefined for a pass. */
  readonly finding: Finding | undefined;
}

/** Every control's verdict on the subject. Pure: the same input gives the same findings. */
export function evaluate(subject: Subject, context: Context, rules: Rules): readonly ControlResult[] {
  const judged: ControlResult[] = [];
  const sandbox = subject.kind === "container" && subject.views.some((view) => view.sandbox !== undefined);
  for (const control of rules.controls) {
    if (!control.check[subject.kind] || (control.judgesSandboxes ?? false) !== sandbox) continue;
    const assessment = assess(control, subject, context, rules);
    if (!assessment) continue;
    const { verdict } = assessment.verdict;
    judged.push({ control: control.id, verdict, finding: findingOf(assessment, subject, context, rules) });
  }
  return judged;
}

function findingOf(
  assessment: Assessment,
  subject: Subject,
  context: Context,
  rules: Rules,
): Finding | undefined {
  const { control, view, verdict, views, severity, suppression } = assessment;
  if (verdict.verdict === "pass") return undefined;
  const isFailure = verdict.verdict === "fail";
  const cover = covererOf(subject);
  const fix = isFailure ? fixOf(assessment, subject, context, rules) : null;
  // One literal: V8 takes ten times as long for a spread that is given more keys.
  return {
    control: control.id,
    subject: subject.id,
    level: view.level,
    severity,
    baseline: null,
    suppressed: suppression ?? null,
    locations: located(assessment, subject, rules),
    views: views.map((each) => ({
      level: each.view.level,
      verdict: each.verdict.verdict,
      observed: covered(cover, observedOf(each.verdict)),
    })),
    verdict: verdict.verdict,
    message: cover(isFailure ? `${sentence(assessment)}${disagreement(views)}` : verdict.reason),
    fix: fix && {
      kind: fix.kind,
      summary: cover(fix.summary),
      snippet: covered(cover, fix.snippet),
      breaks: covered(cover, fix.breaks),
    },
    fingerprint: fingerprint(control.id, subject.stableId, isFailure ? evidence(views) : [verdict.verdict]),
    since: isFailure ? sincesOf(assessment) : undefined,
  };
}

function covered(cover: (text: string) => string, text: string | null | undefined): string | null {
  return text === null || text === undefined ? null : cover(text);
}

function sentence({ problems, silenced }: Assessment): string {
  const worst = worstOf(problems);
  const others = problems.filter((problem) => problem !== worst);
  const names = [
    ...new Set(others.map((problem) => problem.evidence).filter((name) => name !== worst?.evidence)),
  ];
  const also =
    names.filter(Boolean).length > 0 ? `; also ${names.filter(Boolean).slice(0, 5).join(", ")}` : "";
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${worst?.message ?? ""}${also}${more}${silenced > 0 ? `; ${silenced} more ignored` : ""}`;
}

function sincesOf({ problems }: Assessment): Readonly<Record<string, Since>> | undefined {
  if (!problems.some(({ since }) => since)) return undefined;
  return Object.fromEntries(problems.flatMap(({ evidence, since }) => (since ? [[evidence, since]] : [])));
}

/** Evidence comes from the weakest failing view: a person wrote it, so it changes least. */
function evidence(views: readonly ViewVerdict[]): readonly string[] {
  const failing = views.findLast((each) => each.verdict.verdict === "fail")?.verdict;
  return failing?.verdict === "fail" ? failing.problems.map((problem) => problem.evidence) : [];
}

/**
 * Names a finding over time: the same control on the same subject with the same evidence has the same one, wherever
 * its lines moved. 32 hexadecimal digits.
 */
export function fingerprint(control: string, stableId: string, evidence: readonly string[]): string {
  const parts = [control, stableId, ...[...new Set(evidence)].toSorted()];
  return hash("sha256", parts.join("\0"), "hex").slice(0, 32);
}

/** A missing setting is located where it would be: at the subject's head in a file, or at the Engine's JSON member. */
function located(assessment: Assessment, subject: Subject, { line }: Rules): readonly Origin[] {
  const found = placesOf(assessment);
  if (found.length > 0) return found;
  if (subject.location) return [headOf(subject.location, subject.name, line)];
  const { control, view, verdict } = assessment;
  const isConfigured = verdict.verdict === "fail" && view.level === "configured";
  return isConfigured ? [{ pointer: control.pointer ?? documents[view.kind] }] : [];
}

/** The part of the Engine's documents that describes each kind. */
const documents: Readonly<Record<SubjectKind, string>> = {
  container: "/HostConfig",
  image: "/Config",
  engine: "/info",
  exec: "/ProcessConfig",
};

function fixOf(assessment: Assessment, subject: Subject, context: Context, rules: Rules): Fix | null {
  const proposed = remedyOf(assessment, context);
  if (!proposed) return null;
  const remedy = rules.settle?.(assessment.control, subject, context, proposed) ?? proposed;
  return {
    kind: remedy.kind,
    summary: remedy.summary,
    snippet: rules.spell(subject, remedy, context.engine),
    breaks: remedy.breaks ?? null,
  };
}

/**
 * Where something stands that a subject lacks: at the head of its definition, not at all of it. A service's head is its
 * name; that of a command, an image or a daemon.json the first line, without the backslash that continues it.
 */
export function headOf(
  location: FileOrigin,
  name: string,
  lineOf: (file: string, line: number) => string | undefined = () => undefined,
): FileOrigin {
  const { startLine, startColumn, endLine } = location;
  if (startLine === endLine) return location;
  const text = lineOf(location.file, startLine)?.slice(startColumn - 1) ?? "";
  const written = [name, `"${name}"`, `'${name}'`].find((each) => text.startsWith(`${each}:`));
  const head = written ?? text.replace(/[\s\\]+$/, "");
  return { ...location, endLine: startLine, endColumn: startColumn + head.length };
}
