import type { Report } from "../../audit/finding.ts";
import { groupBy } from "../../base/group-by.ts";
import { cisNumbers } from "../../controls/taxonomies.ts";
import type { ReportContext } from "../context.ts";
import type { AlikeSubjects } from "../groups/alike.ts";
import { beyond, type Cell, cellsOf, focusAreas, severityCounts } from "../groups/tally.ts";
import { count, countSeverities } from "../words.ts";
import { anchorOf } from "./finding.ts";
import { type Html, html, noHtml, prose } from "./html.ts";

const letters = { critical: "C", high: "H", medium: "M", low: "L", info: "i" } as const;
const signs = { fail: "!", unknown: "?", accepted: "~", pass: "✓", notApplicable: "–", none: "" } as const;
const words = {
  fail: "failed",
  unknown: "unknown",
  accepted: "suppressed",
  pass: "passed",
  notApplicable: "not applicable",
  none: "not looked at",
} as const;

/** Subjects × focus areas: a cell is the worst that the subject's controls say of the area. */
export function matrixHtml(groups: readonly AlikeSubjects[], context: ReportContext): Html {
  const areas = [...focusAreas, beyond];
  const places = ambiguousPlaces(groups);
  return html`<section class="matrix" aria-labelledby="matrix-title">
<h2 id="matrix-title">Subjects and focus areas</h2>
<p class="legend" aria-hidden="true"><span><i class="cell critical">C</i>critical</span><span><i class="cell high">H</i>high</span><span><i class="cell medium">M</i>medium</span><span><i class="cell low">L</i>low</span><span><i class="cell info">i</i>info</span><span><i class="cell unknown">?</i>unknown</span><span><i class="cell accepted">~</i>suppressed</span><span><i class="cell pass">✓</i>passed</span><span><i class="cell notApplicable">–</i>not applicable</span></p>
<div class="scroll" tabindex="0" role="region" aria-labelledby="matrix-title">
<table><thead><tr><th scope="col" class="corner">Subject</th>${areas.map(
    (area) =>
      html`<th scope="col" class="area" data-area="${area.row}"><span><b>${area.row}</b> ${area.label}</span></th>`,
  )}</tr></thead>
<tbody>${groups.map((group, index) => rowHtml(group, index, places.get(group), context))}</tbody></table>
</div></section>
`;
}

/** For names that several subjects bear: the end of the path, which tells them apart. */
function ambiguousPlaces(groups: readonly AlikeSubjects[]): ReadonlyMap<AlikeSubjects, string> {
  const byName = [...groupBy(groups, ({ name }) => name).values()];
  const shared = byName.filter((same) => same.length > 1).flat();
  return new Map(
    shared.map((group) => {
      const { location, id } = group.first.subject;
      return [group, location ? location.file.split("/").slice(-2).join("/") : id];
    }),
  );
}

function rowHtml(
  group: AlikeSubjects,
  index: number,
  place: string | undefined,
  context: ReportContext,
): Html {
  const { subject, open } = group.first;
  const counts = countSeverities(severityCounts(open));
  const title = `${subject.id}${counts === "" ? "" : `: ${counts}`}`;
  return html`<tr><th scope="row" title="${title}"><a href="#s${index}" data-subject="${subject.id}">${group.name}</a>${place ? html`<small>${place}</small>` : noHtml}</th>${cellsOf(
    group.first,
    context.controls,
  ).map((cell) => cellHtml(cell, group, index))}</tr>
`;
}

function cellHtml(cell: Cell, { first, name }: AlikeSubjects, index: number): Html {
  const { state, area, findings, severity, controls } = cell;
  const sign = state === "fail" && severity ? letters[severity] : signs[state];
  const kind = state === "fail" ? (severity ?? "info") : state;
  const said = state === "fail" ? `${severity ?? "failed"}` : words[state];
  const about = findings.length > 0 ? `, ${count(findings.length, "finding")}` : "";
  const label = `${name}, ${area.row} ${area.label}: ${said}${about}`;
  const tip = controls.length > 0 ? `${label} (${controls.join(", ")})` : label;
  if (findings.length === 0) {
    return html`<td><span class="cell ${kind}" title="${tip}" role="img" aria-label="${label}">${sign}</span></td>`;
  }
  return html`<td><a class="cell ${kind}" href="#${anchorOf(index, area.row)}" title="${tip}" aria-label="${label}" data-subject="${first.subject.id}" data-area="${area.row}">${sign}</a></td>`;
}

/** Every control that was judged, once, at full length: findings point here instead of repeating it. */
export function glossaryHtml(report: Report, context: ReportContext): Html {
  const ids = new Set([
    ...report.subjects.flatMap((subject) => Object.keys(subject.verdicts)),
    ...report.findings.map((finding) => finding.control),
  ]);
  if (ids.size === 0) return noHtml;
  return html`<section class="glossary" aria-labelledby="controls-title"><h2 id="controls-title">The controls</h2>
${[...ids].sort().map((id) => entryHtml(id, context))}</section>
`;
}

function entryHtml(id: string, context: ReportContext): Html {
  const control = context.controls(id);
  if (!control) return html`<article id="c-${id}"><h3><code>${id}</code></h3></article>`;
  const { title, why, row, cis, severity, references } = control;
  const facts = [
    `${severity} by default`,
    ...(row === undefined ? [] : [`focus area ${row}`]),
    ...(cis.length > 0 ? [cisNumbers(cis)] : []),
  ];
  return html`<article id="c-${id}"><h3>${title} <code>${id}</code></h3><p>${prose(why)}</p><p class="note">${facts.join(" · ")}</p>${
    references.length > 0
      ? html`<ul class="references">${references.map((reference) => referenceHtml(reference))}</ul>`
      : noHtml
  }</article>
`;
}

function referenceHtml(reference: string): Html {
  if (!reference.startsWith("https://")) return html`<li>${reference}</li>`;
  return html`<li><a href="${reference}" rel="noreferrer">${reference}</a></li>`;
}
