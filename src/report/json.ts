import type { Finding, Report, ReportedSubject } from "../audit/finding.ts";
import type { Gap } from "../model/gap.ts";
import { severities } from "../model/severity.ts";
import { sincesInJson } from "../model/since.ts";
import type { ReportContext } from "./context.ts";

/**
 * The document that scripts rely on, `schemaVersion` 1. Keys stand in a fixed order, so that two runs can be
 * compared with diff; what is added later is added at the end of an object.
 */
export function json(report: Report, _context: ReportContext): string {
  const { tool, summary } = report;
  const document = {
    schemaVersion: 1,
    tool: { name: tool.name, version: tool.version },
    subjects: report.subjects.map(subjectOf),
    findings: report.findings.map(findingOf),
    gaps: report.gaps.map(gapOf),
    summary: {
      pass: summary.pass,
      fail: summary.fail,
      unknown: summary.unknown,
      notApplicable: summary.notApplicable,
      suppressed: summary.suppressed,
      bySeverity: Object.fromEntries(
        severities.toReversed().flatMap((severity) => {
          const count = summary.bySeverity[severity];
          return count === undefined ? [] : [[severity, count]];
        }),
      ),
    },
    looked: report.looked,
    failOn: report.failOn,
    fixed: report.fixed ?? null,
    ...(report.benchmark && { benchmark: benchmarkOf(report.benchmark) }),
    ...(report.proofs && { proofs: report.proofs }),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function subjectOf({ id, kind, name, source, location, verdicts }: ReportedSubject) {
  return { id, kind, name, source, location, verdicts };
}

/** A finding in the document's shape. */
export function findingOf(finding: Finding) {
  const { control, verdict, severity, subject, message, level, locations } = finding;
  const { fix, suppressed, fingerprint, baseline, views, since } = finding;
  return {
    control,
    verdict,
    severity,
    subject,
    message,
    level,
    locations,
    fix: fix && { kind: fix.kind, summary: fix.summary, snippet: fix.snippet, breaks: fix.breaks },
    suppressed: suppressionOf(suppressed),
    fingerprint,
    baseline,
    views: views.map((view) => ({ level: view.level, verdict: view.verdict, observed: view.observed })),
    ...(since && { since: sincesInJson(since) }),
  };
}

function suppressionOf(suppressed: Finding["suppressed"]) {
  return suppressed && { kind: suppressed.kind, reason: suppressed.reason, until: suppressed.until };
}

function benchmarkOf({ sections, ...rest }: NonNullable<Report["benchmark"]>) {
  const evidenceOf = (evidence: (typeof sections)[number]["results"][number]["evidence"]) =>
    evidence.map((each) => ({ ...each, suppressed: suppressionOf(each.suppressed) }));
  return {
    ...rest,
    sections: sections.map((section) => ({
      ...section,
      results: section.results.map((result) => ({ ...result, evidence: evidenceOf(result.evidence) })),
    })),
  };
}

function gapOf({ file, subject, reason, location }: Gap) {
  return { file: file ?? null, subject: subject ?? null, reason, location: location ?? null };
}
