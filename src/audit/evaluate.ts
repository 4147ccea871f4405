import type { Context, Control, Remedy } from "../controls/control.ts";
import type { Origin } from "../model/origin.ts";
import type { Severity } from "../model/severity.ts";
import { compareSeverity } from "../model/severity.ts";
import type { Subject, SubjectKind } from "../model/subject.ts";
import type { Problem, VerdictName } from "../model/verdict.ts";
import type { Finding, Fix, Suppression } from "./finding.ts";
import { fingerprint } from "./fingerprint.ts";
import { headOf } from "./head.ts";
import { type Ignore, ignoreOf } from "./ignores.ts";
import { decide, disagreement, isHeld, judgeViews, observedOf, type ViewVerdict } from "./views.ts";

/** What the audit was told about how to judge. */
export interface Rules {
  readonly controls: readonly Control[];
  readonly ignores: readonly Ignore[];
  /** Severities that the configuration sets, by control. */
  readonly severities: Readonly<Partial<Record<string, Severity>>>;
  /** Today, YYYY-MM-DD. */
  readonly today: string;
  /** Patches in the subject's own syntax, where they can be spelled. */
  readonly spell: (subject: Subject, remedy: Remedy) => string | null;
  /** A line of a file that was read, counted from 1; without it a subject's head is where its definition begins. */
  readonly line?: (file: string, line: number) => string | undefined;
}

export interface Judged {
  readonly control: string;
  readonly verdict: VerdictName;
  /** Undefined for a pass. */
  readonly finding: Finding | undefined;
}

/** Every control's verdict on the subject. Pure: the same input gives the same findings. */
export function evaluate(subject: Subject, context: Context, rules: Rules): readonly Judged[] {
  return rules.controls.flatMap((control) => {
    const views = judgeViews(control, subject, context);
    const decided = decide(control, views);
    return decided ? [judged(control, subject, context, rules, views, decided)] : [];
  });
}

function judged(
  control: Control,
  subject: Subject,
  context: Context,
  rules: Rules,
  views: readonly ViewVerdict[],
  decided: ViewVerdict,
): Judged {
  const { verdict } = decided.verdict;
  if (decided.verdict.verdict === "pass") return { control: control.id, verdict, finding: undefined };
  const base = {
    control: control.id,
    subject: subject.id,
    level: decided.view.level,
    baseline: null,
    views: views.map((each) => ({
      level: each.view.level,
      verdict: each.verdict.verdict,
      observed: observedOf(each.verdict) ?? null,
    })),
  };
  const weight = rules.severities[control.id];
  if (decided.verdict.verdict !== "fail") {
    const origins = decided.verdict.verdict === "unknown" ? decided.verdict.origins : [];
    const suppression =
      decided.verdict.verdict === "unknown"
        ? ignoreOf(rules.ignores, control.id, subject, { origins }, rules.today)
        : undefined;
    const finding: Finding = {
      ...base,
      verdict: decided.verdict.verdict,
      severity: weight ?? control.severity,
      message: decided.verdict.reason,
      locations: located(origins, subject, rules, decided),
      fix: null,
      suppressed: suppression ?? null,
      fingerprint: fingerprint(control.id, subject.stableId, [verdict]),
    };
    return { control: control.id, verdict, finding };
  }
  const problems = open(control, subject, decided.verdict.problems, rules);
  const worst = problems.shown.toSorted((a, b) => compareSeverity(weigh(control, b), weigh(control, a)))[0];
  const held = decided.view.level !== "effective" && isHeld(views) ? control.severityIfHeld : undefined;
  const finding: Finding = {
    ...base,
    verdict: "fail",
    severity: weight ?? held ?? (worst ? weigh(control, worst) : control.severity),
    message: `${sentence(worst, problems)}${disagreement(views)}`,
    locations: located(origins(control, problems.shown, views, decided), subject, rules, decided, control),
    fix: fixOf(control, subject, context, rules, decided),
    suppressed: problems.suppression,
    fingerprint: fingerprint(control.id, subject.stableId, evidence(views)),
  };
  return { control: control.id, verdict, finding };
}

interface OpenProblems {
  readonly shown: readonly Problem[];
  /** How many of the problems are silenced while others are not. */
  readonly silenced: number;
  /** Set where every problem is silenced. */
  readonly suppression: Suppression | null;
}

function open(control: Control, subject: Subject, problems: readonly Problem[], rules: Rules): OpenProblems {
  const split = problems.map((problem) => ({
    problem,
    suppression: ignoreOf(rules.ignores, control.id, subject, problem, rules.today),
  }));
  const shown = split.filter((each) => !each.suppression).map((each) => each.problem);
  if (shown.length > 0) return { shown, silenced: problems.length - shown.length, suppression: null };
  return { shown: problems, silenced: 0, suppression: split[0]?.suppression ?? null };
}

function weigh(control: Control, problem: Problem): Severity {
  return problem.severity ?? control.severity;
}

function sentence(worst: Problem | undefined, { shown, silenced }: OpenProblems): string {
  const others = shown.filter((problem) => problem !== worst);
  const names = [
    ...new Set(others.map((problem) => problem.evidence).filter((name) => name !== worst?.evidence)),
  ];
  const also =
    names.filter(Boolean).length > 0 ? `; also ${names.filter(Boolean).slice(0, 5).join(", ")}` : "";
  const more = names.length > 5 ? ` and ${names.length - 5} more` : "";
  return `${worst?.message ?? ""}${also}${more}${silenced > 0 ? `; ${silenced} more ignored` : ""}`;
}

/** The places of the shown problems, then those where weaker views show it too. */
function origins(
  control: Control,
  shown: readonly Problem[],
  views: readonly ViewVerdict[],
  decided: ViewVerdict,
): readonly Origin[] {
  const weaker = views
    .filter((each) => each !== decided && control.settledBy !== "effective")
    .flatMap(({ verdict }) => (verdict.verdict === "fail" ? verdict.problems : []));
  const all = [...shown, ...weaker].flatMap((problem) => problem.origins);
  return [...new Map(all.map((origin) => [JSON.stringify(origin), origin])).values()];
}

/** The weakest failing view is what a person wrote, so its evidence is the steadiest. */
function evidence(views: readonly ViewVerdict[]): readonly string[] {
  const failing = views.findLast((each) => each.verdict.verdict === "fail")?.verdict;
  return failing?.verdict === "fail" ? failing.problems.map((problem) => problem.evidence) : [];
}

/** What is absent is located where it would be: at the subject's head in a file, at the member of the Engine's document. */
function located(
  found: readonly Origin[],
  subject: Subject,
  { line }: Rules,
  { view }: ViewVerdict,
  control?: Control,
): readonly Origin[] {
  if (found.length > 0) return found;
  if (subject.location) return [headOf(subject.location, subject.name, line)];
  return control && view.level === "configured" ? [{ pointer: control.pointer ?? documents[view.kind] }] : [];
}

/** The part of the Engine's documents that describes each kind. */
const documents: Readonly<Record<SubjectKind, string>> = {
  container: "/HostConfig",
  image: "/Config",
  engine: "/info",
  exec: "/ProcessConfig",
};

function fixOf(
  control: Control,
  subject: Subject,
  context: Context,
  rules: Rules,
  decided: ViewVerdict,
): Fix | null {
  const remedy = remedyFor(control, decided, context);
  if (!remedy) return null;
  return {
    kind: remedy.kind,
    summary: remedy.summary,
    snippet: rules.spell(subject, remedy),
    breaks: remedy.breaks ?? null,
  };
}

/** The control's remedy for a view that it failed. */
export function remedyFor(
  control: Control,
  { view }: Pick<ViewVerdict, "view">,
  context: Context,
): Remedy | undefined {
  if (view.kind === "container") return control.remedy.container?.(view, context);
  if (view.kind === "engine") return control.remedy.engine?.(view, context);
  if (view.kind === "image") return control.remedy.image?.(view, context);
  return control.remedy.exec?.(view, context);
}
