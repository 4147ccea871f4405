import type { Finding } from "../../audit/finding.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd, truncate, truncateStart, wrap } from "../../base/width.ts";
import { isAtLeast, severities } from "../../model/severity.ts";
import { groupBy } from "../group-by.ts";
import { listCounts, type SubjectFindings, severityCounts, worstFirst } from "../tally.ts";
import { count, countSeverities, kindName, labelOf, listNames } from "../words.ts";
import { compactLines } from "./compact.ts";
import { findingLines, type TextPrinter } from "./finding.ts";

/** More subjects than this, and only the worst are shown at length. */
const manySubjects = 16;
const shownOfMany = 8;
/** Of subjects that have nothing high, for one line must stand for dozens of them. */
const namesShown = 8;
const controlsShown = 16;

/** The findings, a section a subject, worst first; where there are many, the rest as one line a subject. */
export function subjectLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
  const failing = groups.filter((group) => group.open.length > 0);
  const many = failing.length > manySubjects && !printer.context.verbose;
  const shown = many ? failing.slice(0, shownOfMany) : failing;
  const rest = failing.slice(shown.length);
  return [
    ...shown.flatMap((group) => ["", ...sectionLines(printer, group, many ? "high" : "medium")]),
    ...(rest.length > 0 ? ["", ...restLines(printer, rest)] : []),
  ];
}

function sectionLines(
  printer: TextPrinter,
  group: SubjectFindings,
  atLength: "high" | "medium",
): readonly string[] {
  const isLong = (finding: Finding) => printer.context.verbose || isAtLeast(finding.severity, atLength);
  const long = group.open.filter(isLong);
  const short = group.open.filter((finding) => !isLong(finding));
  return [
    ...headerLines(printer, group),
    ...long.flatMap((finding, index) => [
      "",
      ...findingLines(printer, finding, group.subject, long[index - 1]),
    ]),
    ...(short.length > 0 ? ["", ...compactLines(printer, short, group.subject)] : []),
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

/**
 * Of the many, what is high or worse by name, a line each; those with less together, by how many they have; then what
 * they fail, since one habit mended mends many.
 */
function restLines(printer: TextPrinter, rest: readonly SubjectFindings[]): readonly string[] {
  const { style, width } = printer;
  const shorten = pathShortener(rest.map(({ subject }) => labelOf(subject)));
  const lines = [...groupBy(rest, (group) => summaryOf(group))].flatMap(([summary, groups]) => {
    const worst = groups[0]?.open[0]?.severity ?? "info";
    const isSerious = isAtLeast(worst, "high");
    const ids = listNames(
      groups.map(({ subject }) => visible(shorten(labelOf(subject)))),
      isSerious ? groups.length : namesShown,
    );
    return [
      ...wrap(summary, width - 2).map((line) => `  ${style.severity(worst, line)}`),
      ...wrap(ids, width - 4).map((line) => `    ${line}`),
    ];
  });
  return [
    style.bold(count(rest.length, "more subject")) +
      style.dim("  (--verbose shows them like the ones above)"),
    style.dim("─".repeat(width)),
    ...lines,
    "",
    ...byControlLines(printer, rest),
  ];
}

function summaryOf({ open }: SubjectFindings): string {
  const serious = open.filter((finding) => isAtLeast(finding.severity, "high"));
  const named = serious.length > 0 ? `: ${serious.map(({ control }) => visible(control)).join(", ")}` : "";
  return countSeverities(severityCounts(open)) + named;
}

/** Takes the folders off that all ids share. */
function pathShortener(ids: readonly string[]): (id: string) => string {
  const folders = ids.map((id) => id.slice(0, id.lastIndexOf("/") + 1));
  let shared = folders[0] ?? "";
  while (shared !== "" && !folders.every((folder) => folder.startsWith(shared))) {
    shared = shared.slice(0, shared.lastIndexOf("/", shared.length - 2) + 1);
  }
  return (id) => id.slice(shared.length);
}

function byControlLines({ style, width }: TextPrinter, rest: readonly SubjectFindings[]): readonly string[] {
  const groups = [...groupBy(worstFirst(rest.flatMap(({ open }) => open)), ({ control }) => control)];
  const weight = (findings: readonly Finding[]) => severities.indexOf(findings[0]?.severity ?? "info");
  const sorted = groups
    .toSorted(([, a], [, b]) => weight(b) - weight(a) || b.length - a.length)
    .slice(0, controlsShown);
  const idWidth = Math.max(...sorted.map(([id]) => displayWidth(visible(id))));
  const lines = sorted.map(([id, findings]) => {
    const severity = findings[0]?.severity ?? "info";
    const label = style.severity(severity, padEnd(severity, 10));
    return `  ${label}${padEnd(visible(id), idWidth)}  ${style.dim(`in ${count(findings.length, "subject")}`)}`;
  });
  return [style.bold("What they fail"), style.dim("─".repeat(width)), ...lines];
}
