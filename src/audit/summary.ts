import { isAtLeast, severities } from "../model/severity.ts";
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

/** A finding that counts: a failure that is not suppressed. */
export function isOpen(finding: Finding): boolean {
  return finding.verdict === "fail" && finding.suppressed === null;
}

/** The open findings that the audit fails for: at or above the threshold, and not in the baseline. */
export function overThreshold({ findings, failOn }: Report): readonly Finding[] {
  if (failOn === "none") return [];
  return findings.filter(
    (finding) => isOpen(finding) && finding.baseline !== "unchanged" && isAtLeast(finding.severity, failOn),
  );
}

/** 0: nothing at or above the threshold; 1: something is; 2: something that was asked for could not be read. */
export function exitStatus(report: Report): 0 | 1 | 2 {
  if (report.gaps.length > 0) return 2;
  return overThreshold(report).length > 0 ? 1 : 0;
}
