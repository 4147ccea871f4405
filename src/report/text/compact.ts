import type { Finding, ReportedSubject } from "../../audit/finding.ts";
import { visible } from "../../base/visible.ts";
import { displayWidth, padEnd, truncate } from "../../base/width.ts";
import { isFileOrigin } from "../../model/origin.ts";
import { isSubjectItself } from "../tally.ts";
import { headOf, sentence } from "../words.ts";
import { type TextPrinter, textColumn } from "./finding.ts";

/** Findings as one line each, for what weighs little. */
export function compactLines(
  { style, width }: TextPrinter,
  findings: readonly Finding[],
  subject: ReportedSubject,
): readonly string[] {
  const idWidth = Math.min(24, Math.max(...findings.map(({ control }) => displayWidth(visible(control)))));
  return findings.map((finding) => {
    const first = finding.locations[0];
    const isPlaced = first && isFileOrigin(first) && !isSubjectItself(first, subject);
    const notes = [
      ...(finding.baseline === "new" ? ["new"] : []),
      ...(isPlaced ? [`line ${first.startLine}`] : []),
    ];
    const note = notes.length > 0 ? ` (${notes.join(", ")})` : "";
    const id = padEnd(visible(finding.control), idWidth);
    const room = width - textColumn - displayWidth(id) - 2 - note.length;
    const head = truncate(visible(sentence(headOf(finding.message))), Math.max(16, room));
    const severity = style.severity(finding.severity, padEnd(finding.severity, textColumn - 2));
    return `  ${severity}${id}  ${style.dim(head + note)}`;
  });
}
