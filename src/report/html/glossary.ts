import type { Report } from "../../audit/finding.ts";
import type { ReportContext } from "../context.ts";
import { type Html, html, noHtml, prose } from "./html.ts";

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
    ...(cis.length > 0 ? [`CIS Docker Benchmark 1.6: ${cis.join(", ")}`] : []),
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
