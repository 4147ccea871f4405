import type { Report } from "../../audit/finding.ts";
import { isOpen } from "../../audit/summary.ts";
import { severities } from "../../model/severity.ts";
import type { ReportContext } from "../context.ts";
import { count } from "../words.ts";
import { type Html, html, nothing } from "./html.ts";

/** The head of the page: how it went in one sentence, and the counts. */
export function headerHtml(report: Report, context: ReportContext): Html {
  const { summary, gaps, tool } = report;
  const date = context.now.toISOString().replace("T", " ").slice(0, 16);
  return html`<header class="page">
<p class="brand"><b>${tool.name}</b> ${tool.version}<span class="when"><time datetime="${context.now.toISOString()}">${date} UTC</time></span></p>
<h1 id="headline">${headline(report)}</h1>
<p class="looked">Looked at ${report.looked.length > 0 ? report.looked.join(", ") : "nothing"}.</p>
<div class="tiles">
<ul aria-label="Findings by severity">${severities
    .toReversed()
    .map((severity) => tile(severity, severity, summary.bySeverity[severity] ?? 0))}</ul>
<ul aria-label="Checks by verdict">${tile("pass", "passed", summary.pass)}${tile("unknown", "unknown", summary.unknown)}${tile(
    "notApplicable",
    "not applicable",
    summary.notApplicable,
  )}${tile("accepted", "suppressed", summary.suppressed)}${tile("gaps", "not read", gaps.length)}</ul>
${baselineHtml(report)}</div>
</header>
`;
}

function tile(kind: string, label: string, number: number): Html {
  return html`<li class="tile ${kind}${number === 0 ? " zero" : ""}" data-counts="${kind}"><b>${number}</b><span>${label}</span></li>`;
}

function headline(report: Report): string {
  const open = report.findings.filter(isOpen);
  if (report.subjects.length === 0) {
    return report.gaps.length > 0 ? "Nothing could be read" : "Nothing here to audit";
  }
  const subjects = count(report.subjects.length, "subject");
  if (open.length > 0) {
    const failing = new Set(open.map((finding) => finding.subject)).size;
    return `${count(open.length, "finding")} in ${failing} of ${subjects}`;
  }
  return report.gaps.length > 0 || report.summary.unknown > 0
    ? `Nothing found in ${subjects}, and not everything could be told`
    : `Nothing to harden in ${subjects}`;
}

function baselineHtml(report: Report): Html {
  if (report.fixed === undefined) return nothing;
  const open = report.findings.filter(isOpen);
  const of = (state: "new" | "unchanged") => open.filter((finding) => finding.baseline === state).length;
  return html`<ul aria-label="Against the baseline">${tile("new", "new", of("new"))}${tile(
    "unchanged",
    "unchanged",
    of("unchanged"),
  )}${tile("fixed", "fixed", report.fixed.length)}</ul>
`;
}
