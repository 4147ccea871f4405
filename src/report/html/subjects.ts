import type { Finding } from "../../audit/finding.ts";
import { beyond } from "../focus-areas.ts";
import { groupBy } from "../group-by.ts";
import { listCounts, type SubjectFindings, severityCounts } from "../tally.ts";
import { kindName, place } from "../words.ts";
import { anchorOf, findingHtml, type HtmlPrinter } from "./finding.ts";
import { type Html, html, nothing } from "./html.ts";
import { provenHtml } from "./proven.ts";

/** A subject with everything that was found of it, and in small print what passed and what does not apply. */
export function subjectHtml(printer: HtmlPrinter, group: SubjectFindings, index: number): Html {
  const { subject, open, unknown, suppressed } = group;
  const findings = [...open, ...unknown, ...suppressed];
  const anchored = new Set<string>();
  const articles = findings.map((finding) => {
    const anchor = anchorOf(index, printer.context.controls(finding.control)?.row ?? beyond.row);
    const isFirst = !anchored.has(anchor);
    anchored.add(anchor);
    return findingHtml(printer, finding, subject, isFirst ? anchor : undefined);
  });
  const at = subject.location ? place({ ...subject.location }) : subject.id;
  return html`<section class="subject" id="s${index}" data-subject="${index}">
<header><h3>${subject.name}</h3><span class="kind">${kindName(subject)}</span><code class="at">${at}</code><span class="counts">${listCounts(
    severityCounts(open),
  ).map(([severity, number]) => html`<span class="badge ${severity}">${number} ${severity}</span>`)}${
    unknown.length > 0 ? html`<span class="badge unknown">${unknown.length} unknown</span>` : nothing
  }</span></header>
${articles}${restHtml(group)}${provenHtml(printer.proofs.get(subject.id))}</section>
`;
}

function restHtml({ subject, notApplicable }: SubjectFindings): Html {
  const passed = Object.entries(subject.verdicts).flatMap(([id, verdict]) =>
    verdict === "pass" ? [id] : [],
  );
  if (passed.length === 0 && notApplicable.length === 0) return nothing;
  const reasons = groupBy(notApplicable, (finding) => finding.message);
  return html`<dl class="rest">${
    passed.length > 0 ? html`<dt>${passed.length} passed</dt><dd>${listed(passed)}</dd>` : nothing
  }${
    notApplicable.length > 0
      ? html`<dt>${notApplicable.length} not applicable</dt><dd>${[...reasons].map(
          ([reason, findings]) => html`<span class="reason">${listed(idsOf(findings))}: ${reason}</span>`,
        )}</dd>`
      : nothing
  }</dl>`;
}

function idsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map((finding) => finding.control);
}

function listed(ids: readonly string[]): Html {
  return html`${ids.map((id, index) => html`${index === 0 ? "" : ", "}<a href="#c-${id}">${id}</a>`)}`;
}
