import type { Finding } from "../../audit/finding.ts";
import { isFileOrigin } from "../../model/origin.ts";
import { isAtLeast } from "../../model/severity.ts";
import { type SubjectFindings, severityCounts } from "../tally.ts";
import { visible } from "../visible.ts";
import { displayWidth, padEnd, truncate, wrap } from "../width.ts";
import { countSeverities, kindName } from "../words.ts";
import { compactLines, findingLines, type TextPrinter } from "./finding.ts";

/** More subjects than this, and only the worst are shown at length. */
const manySubjects = 16;
const shownOfMany = 8;

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
    ...long.flatMap((finding) => ["", ...findingLines(printer, finding)]),
    ...(short.length > 0 ? ["", ...compactLines(printer, short)] : []),
  ];
}

function headerLines({ style, width }: TextPrinter, { subject, open }: SubjectFindings): readonly string[] {
  const name = truncate(visible(subject.name), Math.floor(width / 2));
  const at = subject.location ? `  ${visible(subject.location.file)}:${subject.location.startLine}` : "";
  const about = `  ${kindName(subject)}${at}`;
  const counts = countSeverities(severityCounts(open));
  const room = width - displayWidth(name) - displayWidth(about) - displayWidth(counts);
  const worst = open[0]?.severity ?? "info";
  const first =
    room >= 2
      ? [style.bold(name) + style.dim(about) + " ".repeat(room) + style.severity(worst, counts)]
      : [
          style.bold(name) + style.dim(truncate(about, width - displayWidth(name))),
          style.severity(worst, counts),
        ];
  return [...first, style.dim("─".repeat(width))];
}

/** One line a subject: how many of what, and by name what is high or worse. */
function restLines({ style, width }: TextPrinter, rest: readonly SubjectFindings[]): readonly string[] {
  const nameWidth = Math.min(
    Math.floor(width / 3),
    Math.max(...rest.map(({ subject }) => displayWidth(visible(subject.id)))),
  );
  const indent = " ".repeat(nameWidth + 4);
  const lines = rest.flatMap(({ subject, open }) => {
    const name = padEnd(truncateStart(visible(subject.id), nameWidth), nameWidth);
    const worst = open[0]?.severity ?? "info";
    const serious = open.filter((finding) => isAtLeast(finding.severity, "high"));
    const named = serious.map((finding) => visible(finding.control) + lineOf(finding));
    const text = [countSeverities(severityCounts(open)), ...named];
    const [first = "", ...others] = wrap(text.join(" · "), width - nameWidth - 4);
    return [`  ${name}  ${style.severity(worst, first)}`, ...others.map((line) => indent + style.dim(line))];
  });
  return [
    style.bold(`${rest.length} more subjects`) + style.dim("  (--verbose shows them like the ones above)"),
    style.dim("─".repeat(width)),
    ...lines,
  ];
}

/** The end of an id tells more than its folder. */
function truncateStart(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  return `…${truncate([...text].reverse().join(""), width - 1, "")
    .split("")
    .reverse()
    .join("")}`;
}

function lineOf(finding: Finding): string {
  const first = finding.locations[0];
  return first && isFileOrigin(first) ? `:${first.startLine}` : "";
}
