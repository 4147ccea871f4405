import type { Report } from "../../audit/finding.ts";
import { isOpen } from "../../audit/summary.ts";
import { levels } from "../../model/level.ts";
import { severities } from "../../model/severity.ts";
import type { ReportContext } from "../context.ts";
import type { AlikeSubjects } from "../groups/alike.ts";
import { beyond, focusAreas, type SubjectFindings } from "../groups/tally.ts";
import { nextSteps } from "../next-steps.ts";
import { count } from "../words.ts";
import { type Html, html, noHtml, prose } from "./html.ts";

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
    ? `Nothing found in ${subjects}, but not everything could be read`
    : `Nothing to harden in ${subjects}`;
}

function baselineHtml(report: Report): Html {
  if (report.fixed === undefined) return noHtml;
  const open = report.findings.filter(isOpen);
  const of = (state: "new" | "unchanged") => open.filter((finding) => finding.baseline === state).length;
  return html`<ul aria-label="Against the baseline">${tile("new", "new", of("new"))}${tile(
    "unchanged",
    "unchanged",
    of("unchanged"),
  )}${tile("fixed", "fixed", report.fixed.length)}</ul>
`;
}

/** The worst findings, each with the command that mends it or what to do by hand. */
export function startHtml(subjects: readonly SubjectFindings[]): Html {
  const steps = nextSteps(subjects);
  if (steps.length === 0) return noHtml;
  return html`<section class="start" aria-labelledby="start-title"><h2 id="start-title">Start here</h2>
<ol>${steps.map(
    ({ finding: { severity }, what, advice, command }) =>
      html`<li><span class="badge ${severity}">${severity}</span> ${prose(what)}${
        advice === undefined ? noHtml : html` ${prose(advice)}`
      }<code class="command">${command}</code></li>
`,
  )}</ol></section>
`;
}

/** The controls that narrow the list. Hidden until the script, which they need, has started. */
export function filtersHtml(report: Report, groups: readonly AlikeSubjects[]): Html {
  const listed = report.findings.filter((finding) => finding.verdict !== "notApplicable");
  const ids = [...new Set(listed.map((finding) => finding.control))].sort();
  const seen = levels.filter((level) => listed.some((finding) => finding.level === level));
  return html`<form id="filters" class="filters" role="search" aria-label="Filter the findings" hidden>
<label class="search"><span class="label">Search</span><input type="search" name="text" autocomplete="off" placeholder="name, file, value, words"></label>
<fieldset><legend>Severity</legend>${severities
    .toReversed()
    .map((severity) => toggle("severity", severity, severity, severity))}</fieldset>
<fieldset><legend>Verdict</legend>${toggle("state", "fail", "failed", "fail")}${toggle("state", "unknown", "unknown", "unknown")}${toggle("state", "suppressed", "suppressed", "accepted")}</fieldset>
<div class="selects">
<label><span class="label">Subject</span><select name="subject"><option value="">all subjects</option>${groups.map(
    (group) => html`<option value="${group.first.subject.id}">${optionText(group)}</option>`,
  )}</select></label>
<label><span class="label">Focus area</span><select name="area"><option value="">all areas</option>${[
    ...focusAreas,
    beyond,
  ].map((area) => html`<option value="${area.row}">${area.row} ${area.label}</option>`)}</select></label>
<label><span class="label">Control</span><select name="control"><option value="">all controls</option>${ids.map(
    (id) => html`<option value="${id}">${id}</option>`,
  )}</select></label>
<label><span class="label">Level</span><select name="level"><option value="">all levels</option>${seen.map(
    (level) => html`<option value="${level}">${level}</option>`,
  )}</select></label>
${
  report.fixed === undefined
    ? noHtml
    : html`<label><span class="label">Baseline</span><select name="baseline"><option value="">new and old</option><option value="new">new</option><option value="unchanged">unchanged</option></select></label>`
}
</div>
<p class="showing"><output id="showing" aria-live="polite"></output><button type="reset" id="reset" hidden>Show all</button><button type="button" id="fold">Collapse</button></p>
</form>
`;
}

/** The name first, for a narrow list shows little more. */
function optionText({ first, members, name }: AlikeSubjects): string {
  const { id, location } = first.subject;
  if (location === null) return members.length > 1 ? name : id;
  return name === location.file ? name : `${name} (${location.file})`;
}

function toggle(name: string, value: string, label: string, look: string): Html {
  return html`<label class="toggle"><input type="checkbox" name="${name}" value="${value}" checked><span class="${look}">${label}</span></label>`;
}
