import type { Finding, Report, ReportedSubject } from "../../audit/finding.ts";
import { isOpen, overThreshold } from "../../audit/summary.ts";
import { visible } from "../../base/visible.ts";
import type { Gap } from "../../model/gap.ts";
import { type FileOrigin, isFileOrigin } from "../../model/origin.ts";
import type { Severity } from "../../model/severity.ts";
import type { ReportContext } from "../context.ts";
import { severityCounts, worstFirst } from "../groups/tally.ts";
import { count, countSeverities, sentence } from "../words.ts";

type Kind = "error" | "warning" | "notice";

interface Annotation {
  readonly kind: Kind;
  readonly at: FileOrigin | { readonly file: string } | undefined;
  readonly title: string;
  readonly message: string;
}

/** What the audit does not fail for. */
const lesserKinds: Readonly<Record<Severity, Kind>> = {
  critical: "warning",
  high: "warning",
  medium: "warning",
  low: "notice",
  info: "notice",
};

/** GitHub shows ten annotations of each kind for a step, and drops the rest without a word. */
const shownOfEachKind = 10;

/**
 * Workflow commands of GitHub Actions, which put findings beside the changed lines. The ten worst of each kind,
 * then one line that counts everything. An error is what the
 * audit fails for, by --fail-on and the baseline; what the baseline has is not annotated.
 * https://docs.github.com/actions/reference/workflow-commands-for-github-actions
 */
export function github(report: Report, _context: ReportContext): string {
  const subjects = new Map(report.subjects.map((subject) => [subject.id, subject]));
  const open = worstFirst(report.findings.filter(isOpen));
  const failing = new Set(overThreshold(report));
  const fresh = open.filter((finding) => finding.baseline !== "unchanged");
  const annotations = [
    ...report.gaps.map(gapAnnotation),
    ...fresh.map((finding) =>
      findingAnnotation(finding, subjects.get(finding.subject), failing.has(finding)),
    ),
  ];
  const shown = (["error", "warning", "notice"] as const).flatMap((kind) =>
    annotations.filter((annotation) => annotation.kind === kind).slice(0, shownOfEachKind),
  );
  const hidden = annotations.length - shown.length;
  return `${[...shown.map(command), ...closing(report, open, hidden)].join("\n")}\n`;
}

function closing(report: Report, open: readonly Finding[], hidden: number): readonly string[] {
  const found =
    open.length === 0
      ? "no findings"
      : `${count(open.length, "finding")} (${countSeverities(severityCounts(open))})`;
  const { unknown, suppressed } = report.summary;
  const line = `bulkhead: ${found} in ${count(report.subjects.length, "subject")}, ${unknown} unknown, ${suppressed} suppressed, ${report.gaps.length} not read.`;
  if (hidden === 0) return [line];
  return [line, `bulkhead: ${hidden} more are not annotated, for GitHub shows ${shownOfEachKind} of a kind.`];
}

function findingAnnotation(
  finding: Finding,
  subject: ReportedSubject | undefined,
  isFailing: boolean,
): Annotation {
  const first = finding.locations[0] ?? subject?.location ?? undefined;
  const name = subject?.name ?? finding.subject;
  const fix = finding.fix ? `\nFix: ${visible(sentence(finding.fix.summary))}` : "";
  return {
    kind: isFailing ? "error" : lesserKinds[finding.severity],
    at: first && isFileOrigin(first) ? first : undefined,
    title: `${finding.severity}: ${finding.control}`,
    message: `${visible(name)}: ${visible(sentence(finding.message))}${fix}`,
  };
}

function gapAnnotation(gap: Gap): Annotation {
  return {
    kind: "error",
    at: gap.location ?? (gap.file === undefined ? undefined : { file: gap.file }),
    title: "not read",
    message: visible(sentence(gap.reason)),
  };
}

function command({ kind, at, title, message }: Annotation): string {
  const properties = [...(at ? placeProperties(at) : []), ["title", visible(title)] as const]
    .map(([key, value]) => `${key}=${escapeProperty(value)}`)
    .join(",");
  return `::${kind} ${properties}::${escapeData(message)}`;
}

function placeProperties(at: FileOrigin | { readonly file: string }): readonly (readonly [string, string])[] {
  const file = ["file", visible(at.file.replace(/^(?:\.\/)+/, ""))] as const;
  if (!("startLine" in at)) return [file];
  const line = ["line", String(at.startLine)] as const;
  // GitHub takes columns only where the range is within one line.
  if (at.endLine !== at.startLine) return [file, line];
  return [
    file,
    line,
    ["endLine", String(at.endLine)],
    ["col", String(at.startColumn)],
    ["endColumn", String(at.endColumn)],
  ];
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
