import type { Report } from "../audit/finding.ts";
import { benchmarkHtml } from "./benchmark/html.ts";
import type { ReportContext } from "./context.ts";
import { excerpter } from "./excerpt.ts";
import { alikeSubjects } from "./groups/alike.ts";
import { bySubject } from "./groups/tally.ts";
import { filtersHtml } from "./html/filters.ts";
import { gapHtml, type HtmlPrinter } from "./html/finding.ts";
import { glossaryHtml } from "./html/glossary.ts";
import { headerHtml } from "./html/header.ts";
import { type Html, html as markup, nothing } from "./html/html.ts";
import { matrixHtml } from "./html/matrix.ts";
import script from "./html/page.js?raw";
import { pageHtml } from "./html/page.ts";
import { startHtml } from "./html/start.ts";
import { groupHtml } from "./html/subjects.ts";

/** The report as one page. Everything is readable without the script, which only filters. */
export function html(report: Report, context: ReportContext): string {
  const proofs = new Map((report.proofs ?? []).map((proof) => [proof.subject, proof]));
  const printer: HtmlPrinter = { context, excerpt: excerpter(context), proofs };
  const subjects = bySubject(report);
  const groups = alikeSubjects(subjects, proofs);
  const body = markup`<a class="skip" href="#findings">Skip to the findings</a>
${headerHtml(report, context)}<main>
${startHtml(subjects)}${report.benchmark ? benchmarkHtml(report.benchmark) : nothing}${groups.length > 0 ? matrixHtml(groups, context) : nothing}${gapsHtml(printer, report)}<section id="findings" class="findings" aria-labelledby="findings-title" tabindex="-1">
<h2 id="findings-title">Findings</h2>
${groups.length > 0 ? filtersHtml(report, groups) : nothing}<p id="none" class="empty" hidden>No findings match.</p>
${groups.length > 0 ? groups.map((group, index) => groupHtml(printer, group, index, groups)) : markup`<p class="empty">There is nothing to show.</p>`}</section>
${fixedHtml(report)}${glossaryHtml(report, context)}</main>
`;
  return pageHtml(`bulkhead: ${report.summary.fail} findings`, body, script);
}

function gapsHtml(printer: HtmlPrinter, { gaps }: Report): Html {
  if (gaps.length === 0) return nothing;
  return markup`<section class="gaps" aria-labelledby="gaps-title"><h2 id="gaps-title">Not read</h2>
<p class="note">What follows was asked for and could not be read: nothing is known of it.</p>
${gaps.map((gap) => gapHtml(printer, gap))}</section>
`;
}

function fixedHtml({ fixed }: Report): Html {
  if (!fixed || fixed.length === 0) return nothing;
  return markup`<section class="fixed" aria-labelledby="fixed-title"><h2 id="fixed-title">Fixed since the baseline</h2>
<ul>${fixed.map(({ control, subject }) => markup`<li><code>${control}</code> in ${subject}</li>`)}</ul></section>
`;
}
