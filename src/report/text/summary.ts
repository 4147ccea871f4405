import type { Report } from "../../audit/finding.ts";
import { isOpen, overThreshold } from "../../audit/summary.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd, wrap } from "../../base/width.ts";
import { compareSeverity, type Severity } from "../../model/severity.ts";
import {
  beyond,
  type Cell,
  type CellState,
  cellsOf,
  focusAreas,
  listCounts,
  type SubjectFindings,
  worstState,
} from "../groups/tally.ts";
import { nextSteps } from "../next-steps.ts";
import { count } from "../words.ts";
import type { TextPrinter } from "./finding.ts";
import { flow, type Painted, stateSigns } from "./style.ts";

/** What to do first, then the counts and the exit status; with --verbose the focus areas too. */
export function summaryLines(
  printer: TextPrinter,
  report: Report,
  groups: readonly SubjectFindings[],
): readonly string[] {
  const { style, context } = printer;
  return [
    "",
    ...stepLines(printer, report, groups),
    ...(context.verbose ? areaLines(printer, groups) : []),
    "",
    style.bold("Summary"),
    ...lookedLines(printer, report),
    ...countLines(printer, report),
    ...baselineLines(printer, report),
    ...exitLines(printer, report),
    ...moreLines(printer, report),
  ];
}

function lookedLines({ style, width }: TextPrinter, report: Report): readonly string[] {
  // The first line of the report names the one input.
  if (report.files?.inputs.length === 1 && report.looked.length === 1) return [];
  const looked = report.looked.length > 0 ? report.looked.map(visible).join(", ") : "nothing";
  return wrap(`Looked at ${looked}.`, width - 2).map((line) => `  ${style.dim(line)}`);
}

function countLines({ style, width }: TextPrinter, report: Report): readonly string[] {
  const { summary, gaps } = report;
  const piece = (state: CellState, number: number, word: string): Painted => {
    const text = `${number} ${word}`;
    return { text, painted: style.state(number > 0 ? state : "none", text) };
  };
  const counts = [
    piece("pass", summary.pass, "passed"),
    piece("fail", summary.fail, "failed"),
    piece("unknown", summary.unknown, "unknown"),
    piece("notApplicable", summary.notApplicable, "not applicable"),
    ...(summary.suppressed > 0 ? [piece("accepted", summary.suppressed, "suppressed")] : []),
    ...(gaps.length > 0 ? [piece("unknown", gaps.length, "not read")] : []),
  ];
  const bySeverity = listCounts(summary.bySeverity);
  const weighed = bySeverity.map(([severity, number], index): Painted => {
    const text = `${number} ${severity}`;
    const where = index === bySeverity.length - 1 ? ` in ${failingSubjects(report)}` : "";
    return { text: text + where, painted: style.severity(severity, text) + style.dim(where) };
  });
  const lines = [...flow(counts, " · ", width - 2), ...flow(weighed, " · ", width - 2)];
  return lines.map((line) => `  ${line}`);
}

function failingSubjects(report: Report): string {
  const failing = new Set(report.findings.filter(isOpen).map((finding) => finding.subject));
  return `${failing.size} of ${count(report.subjects.length, "subject")}`;
}

function baselineLines({ style }: TextPrinter, report: Report): readonly string[] {
  if (report.fixed === undefined) return [];
  const open = report.findings.filter(isOpen);
  const fresh = open.filter((finding) => finding.baseline === "new").length;
  const unchanged = open.filter((finding) => finding.baseline === "unchanged").length;
  const parts = [
    style.state(fresh > 0 ? "fail" : "none", `${fresh} new`),
    `${unchanged} unchanged`,
    style.state("pass", `${report.fixed.length} fixed`),
  ];
  return [`  ${style.dim("Against the baseline:")} ${parts.join(style.dim(" · "))}`];
}

function exitLines({ style }: TextPrinter, report: Report): readonly string[] {
  const { failOn, gaps } = report;
  if (gaps.length > 0) return [style.dim(`Exit status 2: ${count(gaps.length, "input")} could not be read.`)];
  const over = overThreshold(report);
  if (over.length === 0) return [];
  const isNew = report.fixed === undefined ? "" : "new and ";
  const threshold = failOn === "critical" ? "critical" : `${failOn} or worse`;
  return [
    style.dim(`Exit status 1: ${count(over.length, "finding is", "findings are")} ${isNew}${threshold}.`),
  ];
}

/** The worst three, each with the command that mends it. */
function stepLines(
  { style, width }: TextPrinter,
  report: Report,
  groups: readonly SubjectFindings[],
): readonly string[] {
  const steps = nextSteps(groups);
  if (steps.length === 0) return otherLines(style, report);
  return [
    style.bold("Start here"),
    ...steps.flatMap(({ finding, what, advice, command }, index) => {
      const [first = "", ...rest] = wrap(visible(what), width - 5);
      const byHand = advice === undefined ? [] : wrap(visible(advice), width - 5);
      return [
        `  ${style.severity(finding.severity, String(index + 1))}  ${first}`,
        ...[...rest, ...byHand].map((line) => `     ${line}`),
        `     ${style.code(visible(command))}`,
      ];
    }),
  ];
}

/** Where nothing is to be mended first. */
function otherLines(style: TextPrinter["style"], report: Report): readonly string[] {
  const worst = report.findings.find(isOpen);
  if (worst) return [`Next: ${style.bold(`bulkhead explain ${visible(worst.control)}`)}`];
  if (report.gaps.length > 0) return ["Next: mend what could not be read, and audit again."];
  const open = report.findings.find((finding) => finding.verdict === "unknown" && !finding.suppressed);
  if (open) {
    return [`Next: ${style.bold(`bulkhead explain ${visible(open.control)}`)} shows how to answer them.`];
  }
  if (report.subjects.length === 0)
    return [`Next: ${style.bold("bulkhead audit PATH")}, or ${style.bold("bulkhead audit --help")}`];
  return [`Keep it so: ${style.bold("bulkhead audit --fail-on low")} in your CI.`];
}

function moreLines({ style, context }: TextPrinter, report: Report): readonly string[] {
  if (context.verbose || !report.findings.some(isOpen)) return [];
  return [style.dim("-v shows every finding in full; bulkhead explain CONTROL says why it matters.")];
}

/** The focus areas in columns, read downwards, each with the worst that any subject says. */
function areaLines(
  { style, width, context }: TextPrinter,
  groups: readonly SubjectFindings[],
): readonly string[] {
  if (groups.length === 0) return [];
  const cells = groups.map((group) => cellsOf(group, context.controls));
  const shown = [...focusAreas, beyond].flatMap((area, index) => {
    const state = worstState(cells.map((row) => row[index]?.state ?? "none"));
    if (state === "none" && area === beyond) return [];
    const severity = worstSeverity(cells.map((row) => row[index]));
    const sign = state === "none" ? "·" : stateSigns[state];
    const text = `${padEnd(area.row, 4)} ${area.label}`;
    const name = state === "fail" ? text : style.dim(text);
    const painted = severity && state === "fail" ? style.severity(severity, sign) : style.state(state, sign);
    return [`${painted} ${name}${padEnd("", 22 - displayWidth(text))}`];
  });
  const columns = Math.max(1, Math.floor(width / 26));
  const height = Math.ceil(shown.length / columns);
  const rows = Array.from({ length: height }, (_, at) =>
    Array.from({ length: columns }, (_, column) => shown[column * height + at] ?? "").filter(
      (cell) => cell !== "",
    ),
  );
  const legend = legendItems
    .filter(([state]) => cells.some((row) => row.some((cell) => cell.state === state)))
    .map(([state, word]) => `${stateSigns[state]} ${word}`);
  return [
    "",
    ...rows.map((row) => `  ${row.join("  ").trimEnd()}`),
    "",
    ...flow(
      [...legend, "· not looked at"].map((text) => ({ text, painted: style.dim(text) })),
      "   ",
      width - 2,
    ).map((line) => `  ${line}`),
  ];
}

const legendItems = [
  ["fail", "failed"],
  ["unknown", "unknown"],
  ["accepted", "suppressed"],
  ["pass", "passed"],
  ["notApplicable", "not applicable"],
] as const;

function worstSeverity(cells: readonly (Cell | undefined)[]): Severity | undefined {
  return cells
    .flatMap((cell) => (cell?.severity ? [cell.severity] : []))
    .reduce<Severity | undefined>((a, b) => (a && compareSeverity(a, b) >= 0 ? a : b), undefined);
}
