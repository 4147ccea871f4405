import type { Report } from "../../audit/finding.ts";
import { levels } from "../../model/level.ts";
import { severities } from "../../model/severity.ts";
import type { AlikeSubjects } from "../groups/alike.ts";
import { beyond, focusAreas } from "../groups/focus-areas.ts";
import { type Html, html, nothing } from "./html.ts";

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
    ? nothing
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
