import type { Report } from "../../audit/finding.ts";
import { isOpen, overThreshold } from "../../audit/summary.ts";
import { visible } from "../../base/visible.ts";
import { isFileOrigin } from "../../model/origin.ts";
import { worstFirst } from "../groups/tally.ts";
import { place, sentence } from "../words.ts";
import type { Style } from "./style.ts";

/**
 * One line for each finding that the exit status is for, as compilers print them, for grep and editors; then the gaps. With
 * --fail-on none every finding. Nothing where all is well.
 */
export function quietLines(report: Report, style: Style): readonly string[] {
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
