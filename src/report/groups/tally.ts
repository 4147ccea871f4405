import type { Finding, Report, ReportedSubject } from "../../audit/finding.ts";
import { isOpen } from "../../audit/summary.ts";
import { groupBy } from "../../base/group-by.ts";
import { isFileOrigin, type Origin } from "../../model/origin.ts";
import { compareSeverity, type Severity, severities } from "../../model/severity.ts";
import type { ControlInfo } from "../context.ts";

/** A subject with what was found of it, split by what a reader does with it. */
export interface SubjectFindings {
  readonly subject: ReportedSubject;
  /** Worst first. */
  readonly open: readonly Finding[];
  readonly unknown: readonly Finding[];
  readonly suppressed: readonly Finding[];
  readonly notApplicable: readonly Finding[];
}

/** Every subject with its findings, worst first: by its worst finding, then by how many there are. */
export function bySubject(report: Report): readonly SubjectFindings[] {
  const findings = groupBy(report.findings, (finding) => finding.subject);
  const groups = report.subjects.map((subject) => splitFindings(subject, findings.get(subject.id) ?? []));
  const ranks = new Map(groups.map((group) => [group, severityCounts(group.open)]));
  return groups.toSorted((a, b) => compareRanks(ranks.get(a) ?? {}, ranks.get(b) ?? {}));
}

function splitFindings(subject: ReportedSubject, findings: readonly Finding[]): SubjectFindings {
  const live = findings.filter((finding) => finding.suppressed === null);
  return {
    subject,
    open: worstFirst(live.filter((finding) => finding.verdict === "fail")),
    unknown: live.filter((finding) => finding.verdict === "unknown"),
    notApplicable: live.filter((finding) => finding.verdict === "notApplicable"),
    suppressed: findings.filter((finding) => finding.suppressed !== null),
  };
}

/**
 * Whether a place is nothing but the head of its subject: where a finding about something absent stands. The line
 * itself tells nothing then.
 */
export function isSubjectItself(origin: Origin, subject: ReportedSubject | undefined): boolean {
  const location = subject?.location;
  if (!location || !isFileOrigin(origin)) return false;
  return (
    origin.file === location.file &&
    origin.startLine === location.startLine &&
    origin.startColumn === location.startColumn
  );
}

/** Heaviest first; equals keep their order. */
export function worstFirst(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted((a, b) => compareSeverity(b.severity, a.severity));
}

export type SeverityCounts = Readonly<Partial<Record<Severity, number>>>;

export function severityCounts(findings: readonly Finding[]): SeverityCounts {
  const counts: Partial<Record<Severity, number>> = {};
  for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
  return counts;
}

/** Heaviest first, those that occur. */
export function listCounts(counts: SeverityCounts): readonly (readonly [Severity, number])[] {
  return severities.toReversed().flatMap((severity) => {
    const count = counts[severity] ?? 0;
    return count > 0 ? [[severity, count] as const] : [];
  });
}

function compareRanks(a: SeverityCounts, b: SeverityCounts): number {
  for (const severity of severities.toReversed()) {
    const difference = (b[severity] ?? 0) - (a[severity] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** `accepted`: it fails, and every finding of it is suppressed. `none`: no control looked. */
export type CellState = "fail" | "unknown" | "accepted" | "pass" | "notApplicable" | "none";

/** What one subject says of one focus area: the worst of its controls. */
export interface Cell {
  readonly area: FocusArea;
  readonly state: CellState;
  readonly findings: readonly Finding[];
  /** The worst open finding's. */
  readonly severity: Severity | undefined;
  readonly controls: readonly string[];
}

const cellOrder: readonly CellState[] = ["none", "notApplicable", "pass", "accepted", "unknown", "fail"];

export function worstState(states: readonly CellState[]): CellState {
  return states.reduce((a, b) => (cellOrder.indexOf(b) > cellOrder.indexOf(a) ? b : a), "none");
}

/** The areas that --privileged takes away as a whole: what passes there protects nothing. */
const voidedByPrivileged = new Set(["1.3", "2.6", "2.7", "2.8"]);

/** The row of the matrix that belongs to a subject: a cell for each focus area, and one for what is beyond. */
export function cellsOf(
  { subject, open, unknown, suppressed }: SubjectFindings,
  controls: (id: string) => ControlInfo | undefined,
): readonly Cell[] {
  const areaOf = (id: string) => controls(id)?.row ?? beyond.row;
  const verdicts = groupBy(Object.entries(subject.verdicts), ([id]) => areaOf(id));
  const findings = groupBy([...open, ...unknown, ...suppressed], (finding) => areaOf(finding.control));
  const privileged = subject.verdicts.privileged === "fail";
  return [...focusAreas, beyond].map((area) => {
    const found = findings.get(area.row) ?? [];
    const openHere = found.filter(isOpen);
    const judged = verdicts.get(area.row) ?? [];
    const accepted = new Set(found.filter((finding) => finding.suppressed).map((finding) => finding.control));
    const judgedState = worstState([
      ...judged.map(([id, verdict]) => (accepted.has(id) ? "accepted" : verdict)),
      ...found.map((finding) => (finding.suppressed ? "accepted" : finding.verdict)),
    ]);
    const isVoid = judgedState === "pass" && privileged && voidedByPrivileged.has(area.row);
    const state = isVoid ? "notApplicable" : judgedState;
    return {
      area,
      state,
      findings: found,
      severity: openHere[0]?.severity,
      controls: judged.map(([id]) => id),
    };
  });
}

/** The rows of the requirement that bulkhead is built for, with the names that reports use. */
interface FocusArea {
  readonly row: string;
  readonly label: string;
}

export const focusAreas: readonly FocusArea[] = [
  { row: "1.1", label: "Networked socket" },
  { row: "1.2", label: "Docker socket" },
  { row: "1.3", label: "Host mounts" },
  { row: "1.4", label: "Read-only rootfs" },
  { row: "1.5", label: "Read-only volumes" },
  { row: "2.1", label: "CPU" },
  { row: "2.2", label: "Memory" },
  { row: "2.3", label: "Storage" },
  { row: "2.4", label: "Disk I/O" },
  { row: "2.5", label: "Processes" },
  { row: "2.6", label: "Seccomp and MAC" },
  { row: "2.7", label: "MAC policies" },
  { row: "2.8", label: "Capabilities" },
  { row: "2.9", label: "Privileged" },
  { row: "2.10", label: "User namespaces" },
  { row: "2.11", label: "Root user" },
  { row: "2.12", label: "Network" },
  { row: "2.13", label: "Host namespaces" },
  { row: "2.14", label: "Shared namespaces" },
];

/** What goes beyond the requirement: pinned images, registries, live restore. */
export const beyond: FocusArea = { row: "–", label: "Beyond" };
