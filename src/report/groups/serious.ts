import type { Finding, ReportedSubject } from "../../audit/finding.ts";
import { isEqual } from "../../base/equal.ts";
import { groupBy } from "../../base/group-by.ts";
import { compareSeverity } from "../../model/severity.ts";
import { isSerious } from "./groups.ts";
import type { SubjectFindings } from "./tally.ts";

/** A finding with whom it is about. */
export interface Told {
  readonly finding: Finding;
  readonly subject: ReportedSubject;
}

/**
 * Findings to be told in full at one place. Either one message of several subjects, or what several controls say of one
 * line of one subject, with one way to mend it.
 */
export interface SeriousEntry {
  readonly severity: Finding["severity"];
  /** Different messages, worst first. */
  readonly messages: readonly Told[];
  /** Every finding that the entry stands for. */
  readonly all: readonly Told[];
}

/** Critical and high findings, worst first; one control's findings stand together. */
export function seriousEntries(subjects: readonly SubjectFindings[]): readonly SeriousEntry[] {
  const told = subjects.flatMap(({ subject, open }) =>
    open.filter(isSerious).map((finding): Told => ({ finding, subject })),
  );
  const entries: SeriousEntry[] = [];
  const done = new Set<Told>();
  const worst = told.toSorted((a, b) => compareSeverity(b.finding.severity, a.finding.severity));
  for (const [, same] of groupBy(worst, ({ finding }) => `${finding.severity} ${finding.control}`)) {
    for (const each of same) {
      if (done.has(each)) continue;
      const alike = same.filter(
        (other) => !done.has(other) && other.finding.message === each.finding.message,
      );
      const ofLine =
        alike.length > 1 ? [each] : worst.filter((other) => !done.has(other) && isOneLine(each, other));
      const all = ofLine.length > 1 ? ofLine : alike;
      for (const one of all) done.add(one);
      entries.push({
        severity: each.finding.severity,
        messages: ofLine.length > 1 ? ofLine : [each],
        all,
      });
    }
  }
  return entries;
}

/** Two controls that speak of the same line, and propose the same change of it. */
function isOneLine(a: Told, b: Told): boolean {
  if (a === b) return true;
  return (
    a.subject === b.subject &&
    a.finding.locations.length > 0 &&
    a.finding.fix?.snippet != null &&
    a.finding.fix.snippet === b.finding.fix?.snippet &&
    isEqual(a.finding.locations, b.finding.locations)
  );
}
