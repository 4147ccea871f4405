import type { Report } from "../audit/finding.ts";
import { benchmarkLines } from "./benchmark/text.ts";
import type { ReportContext } from "./context.ts";
import { excerpter } from "./excerpt.ts";
import { classesOf } from "./groups/groups.ts";
import { bySubject, type SubjectFindings } from "./groups/tally.ts";
import { classLines } from "./text/classes.ts";
import type { TextPrinter } from "./text/finding.ts";
import { openQuestionLines } from "./text/open-questions.ts";
import { quietLines } from "./text/quiet.ts";
import { seriousLines } from "./text/serious.ts";
import { styleOf, toAscii } from "./text/style.ts";
import { subjectLines } from "./text/subjects.ts";
import { summaryLines } from "./text/summary.ts";
import { count } from "./words.ts";

const narrowest = 40;
/** Longer lines are harder to read, however wide the terminal is. */
const widest = 120;

/** The report for a person at a terminal: the worst first, what to do first and the counts last. */
export function text(report: Report, context: ReportContext): string {
  const style = styleOf(context.colour);
  const lines = report.benchmark
    ? benchmarkLines(report.benchmark, report.gaps, context)
    : context.quiet
      ? quietLines(report, style)
      : fullLines(report, context);
  const printed = lines.length === 0 ? "" : `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
  return context.unicode === false ? toAscii(printed) : printed;
}

function fullLines(report: Report, context: ReportContext): readonly string[] {
  const printer: TextPrinter = {
    context,
    style: styleOf(context.colour),
    width: Math.min(widest, Math.max(narrowest, context.width)),
    excerpt: excerpter(context),
    explained: new Set(),
  };
  const groups = bySubject(report);
  const hasFindings = groups.some((group) => group.open.length > 0);
  return [
    ...(hasFindings ? findingsLines(printer, groups) : welcomeLines(printer, report)),
    ...openQuestionLines(printer, report, groups),
    ...summaryLines(printer, report, groups),
  ];
}

/** With --verbose all, subject by subject; else what is serious in full, and the rest grouped by what fails alike. */
function findingsLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  if (printer.context.verbose) return subjectLines(printer, groups);
  return [
    ...seriousLines(printer, groups),
    ...classesOf(groups).flatMap((subjects) => classLines(printer, subjects)),
  ];
}

function welcomeLines({ style }: TextPrinter, report: Report): readonly string[] {
  const { subjects, summary, gaps } = report;
  if (subjects.length === 0) {
    return gaps.length > 0 ? [] : ["", "Nothing here that bulkhead audits."];
  }
  const nothing = `Nothing to harden in ${count(subjects.length, "subject")}.`;
  const told = gaps.length === 0 && summary.unknown === 0;
  if (told && summary.suppressed > 0) {
    const open = `Nothing open in ${count(subjects.length, "subject")}.`;
    return [
      "",
      `${style.state("pass", "✓ ")}${style.bold(open)} ${count(summary.suppressed, "finding is", "findings are")} suppressed.`,
    ];
  }
  const rest = told ? " Well done." : " What could not be told is below.";
  return ["", style.state("pass", "✓ ") + style.bold(nothing) + (told ? rest : style.dim(rest))];
}
