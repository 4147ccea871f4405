import { isAtLeast, type Severity, severities } from "../model/severity.ts";
import type { VerdictName } from "../model/verdict.ts";
import type { Finding, Report, Summary } from "./finding.ts";

/** Counts verdicts; a suppressed finding counts as suppressed alone. */
export function summarise(passes: number, findings: readonly Finding[]): Summary {
  const open = findings.filter((finding) => finding.suppressed === null);
  const count = (verdict: VerdictName) => open.filter((finding) => finding.verdict === verdict).length;
  const fails = open.filter((finding) => finding.verdict === "fail");
  const bySeverity = Object.fromEntries(
    severities
      .toReversed()
      .map((severity) => [severity, fails.filter((finding) => finding.severity === severity).length] as const)
      .filter(([, number]) => number > 0),
  );
  return {
    pass: passes,
    fail: fails.length,
    unknown: count("unknown"),
    notApplicable: count("notApplicable"),
    suppressed: findings.length - open.length,
    bySeverity,
  };
}

/** 0: nothing at or above the threshold; 1: something is; 2: something that was asked for could not be read. */
export function exitStatus(report: Report): 0 | 1 | 2 {
  if (report.gaps.length > 0) return 2;
  const { failOn } = report;
  if (failOn === "none") return 0;
  return report.findings.some((finding) => counts(finding, failOn)) ? 1 : 0;
}

function counts(finding: Finding, failOn: Severity): boolean {
  return (
    finding.verdict === "fail" &&
    finding.suppressed === null &&
    finding.baseline !== "unchanged" &&
    isAtLeast(finding.severity, failOn)
  );
}
