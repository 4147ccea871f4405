import type { Report } from "../audit/finding.ts";
import { isOpen, overThreshold } from "../audit/summary.ts";
import { visible } from "../base/visible.ts";
import { displayWidth, truncate, truncateStart, wrap } from "../base/width.ts";
import { isFileOrigin } from "../model/origin.ts";
import { benchmarkLines } from "./benchmark/text.ts";
import type { ReportContext } from "./context.ts";
import { excerpter } from "./excerpt.ts";
import { classesOf, kindName } from "./groups/groups.ts";
import { bySubject, listCounts, type SubjectFindings, severityCounts, worstFirst } from "./groups/tally.ts";
import { classLines } from "./text/classes.ts";
import { findingLines, type TextPrinter } from "./text/finding.ts";
import { openQuestionLines } from "./text/open-questions.ts";
import { seriousLines } from "./text/serious.ts";
import { type Style, styleOf, toAscii } from "./text/style.ts";
import { summaryLines } from "./text/summary.ts";
import { count, countSeverities, listNames, place, sentence } from "./words.ts";

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
    ...filesLines(printer, report),
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

/** Of a folder more files are not named. */
const filesShown = 6;

/** What was read, first: who misses a file sees it here. */
function filesLines({ style, width }: TextPrinter, { files }: Report): readonly string[] {
  if (!files || files.inputs.length === 0) return [];
  const shown = files.inputs.slice(0, filesShown).map((each) => each.map(visible).join(" + "));
  const more = files.inputs.length - shown.length;
  const env = files.beside.length === 0 ? [] : [`with ${listNames(files.beside.map(visible), filesShown)}`];
  const words = [`Read ${[...shown, ...(more > 0 ? [`${more} more`] : [])].join(", ")}`, ...env].join(" · ");
  return wrap(words, width).map((line) => style.dim(line));
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
  const rest = told ? " Well done." : " Open questions are below.";
  return ["", style.state("pass", "✓ ") + style.bold(nothing) + (told ? rest : style.dim(rest))];
}

/**
 * One line for each finding that the exit status is for, as compilers print them, for grep and editors; then the gaps. With
 * --fail-on none every finding. Nothing where all is well.
 */
function quietLines(report: Report, style: Style): readonly string[] {
  const counted = report.failOn === "none" ? report.findings.filter(isOpen) : overThreshold(report);
  const names = new Map(report.subjects.map((subject) => [subject.id, subject]));
  const findings = worstFirst(counted).map((finding) => {
    const subject = names.get(finding.subject);
    const first = finding.locations[0] ?? subject?.location ?? undefined;
    const where = first && isFileOrigin(first) ? place(first) : finding.subject;
    const name = first && isFileOrigin(first) ? `${subject?.name ?? finding.subject}: ` : "";
    return `${visible(where)}: ${style.severity(finding.severity, finding.severity)}: ${visible(
      name + finding.message,
    )} [${visible(finding.control)}]`;
  });
  const gaps = report.gaps.map((gap) => {
    const where = gap.location ? place(gap.location) : (gap.file ?? gap.subject ?? "bulkhead");
    return `${visible(where)}: ${style.state("unknown", "not read")}: ${visible(sentence(gap.reason))}`;
  });
  return [...findings, ...gaps];
}

/** Every finding at full length, a section a subject, worst first. */
function subjectLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  const failing = groups.filter((group) => group.open.length > 0);
  return failing.flatMap((group) => ["", ...sectionLines(printer, group)]);
}

function sectionLines(printer: TextPrinter, group: SubjectFindings): readonly string[] {
  const { open, subject } = group;
  return [
    ...headerLines(printer, group),
    ...open.flatMap((finding, index) => ["", ...findingLines(printer, finding, subject, open[index - 1])]),
  ];
}

function headerLines({ style, width }: TextPrinter, { subject, open }: SubjectFindings): readonly string[] {
  const name = truncate(visible(subject.name), Math.floor(width / 2));
  const counts = countSeverities(severityCounts(open));
  const painted = listCounts(severityCounts(open))
    .map(([severity, number]) => style.severity(severity, `${number} ${severity}`))
    .join(", ");
  const kind = kindName(subject);
  const at = subject.location ? `${visible(subject.location.file)}:${subject.location.startLine}` : "";
  const about = [kind, at].filter((part) => part !== "").join("  ");
  const room = width - displayWidth(name) - displayWidth(counts);
  const rule = style.dim("─".repeat(width));
  if (displayWidth(about) + 4 <= room) {
    const gap = " ".repeat(room - displayWidth(about) - 2);
    return [`${style.bold(name)}  ${style.dim(about)}${gap}${painted}`, rule];
  }
  const shortened = at === "" ? kind : `${kind}  ${truncateStart(at, width - kind.length - 2)}`.trim();
  return [`${style.bold(name)}${" ".repeat(Math.max(2, room))}${painted}`, style.dim(shortened), rule];
}
