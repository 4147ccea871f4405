import type { Report } from "../../audit/finding.ts";
import { isOpen } from "../../audit/summary.ts";
import { isFileOrigin } from "../../model/origin.ts";
import type { Severity } from "../../model/severity.ts";
import type { ReportContext } from "../context.ts";
import { nameOf, sentence, sentenceAbout } from "../words.ts";

const severities: Readonly<Record<Severity, string>> = {
  critical: "blocker",
  high: "critical",
  medium: "major",
  low: "minor",
  info: "info",
};

/**
 * GitLab's Code Quality report: an array with one entry for each finding that is not in the baseline. A finding without a
 * file is named by its subject, since the widget needs a path.
 * https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
 */
export function gitlab(report: Report, _context: ReportContext): string {
  const subjects = new Map(report.subjects.map((subject) => [subject.id, subject]));
  const entries = report.findings
    .filter((finding) => isOpen(finding) && finding.baseline !== "unchanged")
    .map((finding) => {
      const subject = subjects.get(finding.subject);
      const first = finding.locations.find(isFileOrigin) ?? subject?.location;
      const name = subject ? nameOf(subject) : finding.subject;
      const fix = finding.fix ? ` Fix: ${sentence(finding.fix.summary)}` : "";
      return {
        description: `${sentenceAbout(name, finding.message)}${fix}`,
        check_name: finding.control,
        fingerprint: finding.fingerprint,
        severity: severities[finding.severity],
        location: {
          path: first ? first.file.replace(/^(?:\.\/)+/, "") : finding.subject,
          lines: { begin: first?.startLine ?? 1 },
        },
      };
    });
  return `${JSON.stringify(entries, null, 2)}\n`;
}
