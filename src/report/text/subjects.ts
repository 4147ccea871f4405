import { visible } from "../../base/visible.ts";
import { displayWidth, truncate, truncateStart } from "../../base/width.ts";
import { kindName } from "../groups/nouns.ts";
import { listCounts, type SubjectFindings, severityCounts } from "../groups/tally.ts";
import { countSeverities } from "../words.ts";
import { findingLines, type TextPrinter } from "./finding.ts";

/** Every finding at full length, a section a subject, worst first. */
export function subjectLines(printer: TextPrinter, groups: readonly SubjectFindings[]): readonly string[] {
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
