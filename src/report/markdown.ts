import type { Finding, Report, ReportedSubject } from "../audit/finding.ts";
import { isOpen } from "../audit/summary.ts";
import { visible } from "../base/visible.ts";
import { isFileOrigin, type Origin } from "../model/origin.ts";
import { severities } from "../model/severity.ts";
import type { ReportContext } from "./context.ts";
import { excerpter } from "./excerpt.ts";
import { kindName } from "./groups/groups.ts";
import { bySubject, type SubjectFindings, severityCounts } from "./groups/tally.ts";
import { count, countSeverities, firstSentence, place, sentence, viewsLine, whyOf } from "./words.ts";

/** A comment on GitHub holds 65,536 characters; the table and the closing lines need some of them. */
const detailBudget = 50_000;
const tableRows = 40;
const excerptWidth = 100;

/** For a comment on a pull request or a job summary: a table, and a fold for each subject. */
export function markdown(report: Report, context: ReportContext): string {
  const groups = bySubject(report);
  const failing = groups.filter((group) => group.open.length > 0);
  const blocks = [
    heading(report),
    counts(report),
    ...(failing.length > 0 ? [table(failing)] : []),
    ...details(failing, context),
    ...openQuestions(report, groups),
  ];
  return `${blocks.join("\n\n")}\n`;
}

function heading(report: Report): string {
  const open = report.findings.filter(isOpen);
  if (report.subjects.length === 0 && report.gaps.length === 0) return "## bulkhead: nothing to audit";
  if (open.length === 0) return `## bulkhead: nothing found in ${count(report.subjects.length, "subject")}`;
  const failing = new Set(open.map((finding) => finding.subject)).size;
  return `## bulkhead: ${count(open.length, "finding")} in ${failing} of ${count(report.subjects.length, "subject")}`;
}

function counts({ summary, gaps, fixed, findings, looked }: Report): string {
  const bySeverity = countSeverities(summary.bySeverity);
  const open = findings.filter(isOpen);
  const parts = [
    `${summary.pass} passed`,
    `${summary.fail} failed`,
    `${summary.unknown} unknown`,
    `${summary.notApplicable} not applicable`,
    ...(summary.suppressed > 0 ? [`${summary.suppressed} suppressed`] : []),
    ...(gaps.length > 0 ? [`${gaps.length} not read`] : []),
  ];
  const baseline =
    fixed === undefined
      ? ""
      : `\\\nAgainst the baseline: ${open.filter((finding) => finding.baseline === "new").length} new, ${
          open.filter((finding) => finding.baseline === "unchanged").length
        } unchanged, ${fixed.length} fixed.`;
  const seen = looked.length > 0 ? `\\\nLooked at ${looked.map(markdownText).join(", ")}.` : "";
  return `${bySeverity === "" ? "" : `**${bySeverity}** · `}${parts.join(" · ")}${baseline}${seen}`;
}

function table(failing: readonly SubjectFindings[]): string {
  const columns = severities.toReversed();
  const shown = failing.slice(0, tableRows).map(({ subject, open }) => {
    const bySeverity = severityCounts(open);
    const at = subject.location
      ? `${subject.location.file}:${subject.location.startLine}`
      : kindName(subject);
    const cells = columns.map((severity) => String(bySeverity[severity] ?? ""));
    return `| ${markdownText(subject.name)} | ${codeSpan(at).replaceAll("|", "\\|")} | ${cells.join(" | ")} |`;
  });
  const more = failing.length - shown.length;
  return [
    `| subject | where | ${columns.join(" | ")} |`,
    `|---|---|${columns.map(() => "--:").join("|")}|`,
    ...shown,
    ...(more > 0 ? [`| … and ${more} more | | ${columns.map(() => "").join(" | ")} |`] : []),
  ].join("\n");
}

function details(failing: readonly SubjectFindings[], context: ReportContext): readonly string[] {
  const excerpt = excerpter(context);
  const lineOf = (origin: Origin) => {
    if (!isFileOrigin(origin)) return undefined;
    const cut = excerpt(origin, excerptWidth);
    return cut && `${cut.before}${cut.marked}${cut.after}`.trim();
  };
  const blocks: string[] = [];
  let used = 0;
  for (const [index, group] of failing.entries()) {
    const block = subjectBlock(group, context, lineOf);
    used += block.length;
    if (used > detailBudget) {
      return [
        ...blocks,
        `… and ${count(failing.length - index, "more subject")}, which do not fit into a comment.`,
      ];
    }
    blocks.push(block);
  }
  return blocks;
}

function subjectBlock(
  { subject, open }: SubjectFindings,
  context: ReportContext,
  lineOf: (origin: Origin) => string | undefined,
): string {
  const title = `<b>${markdownHtml(subject.name)}</b> (${kindName(subject)}): ${countSeverities(severityCounts(open))}`;
  const items = open.map((finding) => findingItem(finding, subject, context, lineOf));
  return `<details><summary>${title}</summary>\n\n${items.join("\n\n")}\n\n</details>`;
}

function findingItem(
  finding: Finding,
  { kind }: ReportedSubject,
  context: ReportContext,
  lineOf: (origin: Origin) => string | undefined,
): string {
  const why = whyOf(context.controls(finding.control), kind);
  const views = viewsLine(finding);
  const places = finding.locations.map((origin) => codeSpan(place(origin)));
  const sources = [...new Set(finding.locations.flatMap((origin) => lineOf(origin) ?? []))];
  const isNew = finding.baseline === "new" ? " (new)" : "";
  const parts = [
    `- **${finding.severity}** ${codeSpan(finding.control)}${isNew}: ${markdownText(sentence(finding.message))}`,
    ...(places.length > 0 ? [`  ${places.join(", ")}`] : []),
    ...(sources.length > 0 ? [indent(fenced(sources.join("\n")))] : []),
    ...(views === undefined ? [] : [`  Seen: ${markdownText(views)}.`]),
    ...(why === undefined ? [] : [`  Why: ${markdownText(firstSentence(why))}`]),
    ...(finding.fix ? [`  Fix: ${markdownText(sentence(finding.fix.summary))}`] : []),
    ...(finding.fix?.snippet ? [indent(fenced(finding.fix.snippet))] : []),
  ];
  return parts.join("\n\n");
}

function openQuestions(report: Report, groups: readonly SubjectFindings[]): readonly string[] {
  const unknown = groups.flatMap(({ subject, unknown: findings }) =>
    findings.map(
      (finding) =>
        `- ${codeSpan(finding.control)} of ${markdownText(subject.name)}: ${markdownText(sentence(finding.message))}`,
    ),
  );
  const gaps = report.gaps.map((gap) => {
    const at = gap.location ? place(gap.location) : (gap.file ?? gap.subject ?? "input");
    return `- ${codeSpan(at)}: ${markdownText(sentence(gap.reason))}`;
  });
  const shown = unknown.slice(0, tableRows);
  const more = unknown.length - shown.length;
  return [
    ...(gaps.length > 0 ? [`**Not read**\n\n${gaps.slice(0, tableRows).join("\n")}`] : []),
    ...(shown.length > 0
      ? [
          `<details><summary>${count(unknown.length, "check")} could not be evaluated (not passed)</summary>\n\n${shown.join("\n")}${
            more > 0 ? `\n- … and ${more} more` : ""
          }\n\n</details>`,
        ]
      : []),
  ];
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => (line === "" ? "" : `  ${line}`))
    .join("\n");
}

/**
 * Text from outside as Markdown that shows exactly that text: no emphasis, link, HTML, mention (`@team` would
 * write to people), issue number, maths or table cell comes out of it.
 */
export function markdownText(text: string): string {
  return visible(text)
    .replace(/[\\`*_[\]{}|~#$^=]/g, "\\$&")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("@", "&#64;")
    .replaceAll("://", "&#58;//")
    .replaceAll("www.", "www&#46;");
}

/** The same inside an HTML block, where Markdown is not read: a `<summary>`. */
export function markdownHtml(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("@", "&#64;");
}

/** Code in a line; the fence is longer than any inside. In a table the caller escapes pipes. */
export function codeSpan(text: string): string {
  const shown = visible(text);
  const fence = "`".repeat(longestRun(shown) + 1);
  const padded = shown.startsWith("`") || shown.endsWith("`") ? ` ${shown} ` : shown;
  return shown === "" ? "" : `${fence}${padded}${fence}`;
}

/** A block of code. */
export function fenced(text: string): string {
  const lines = text.split("\n").map(visible).join("\n");
  const fence = "`".repeat(Math.max(3, longestRun(lines) + 1));
  return `${fence}\n${lines}\n${fence}`;
}

function longestRun(text: string): number {
  return Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
}
