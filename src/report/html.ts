import type { BenchmarkResult, RecommendationResult } from "../audit/benchmark/benchmark.ts";
import type { Report } from "../audit/finding.ts";
import { outcomeWords, sayEvidence, sayTotals } from "./benchmark/words.ts";
import type { ReportContext } from "./context.ts";
import { excerpter } from "./excerpt.ts";
import { alikeSubjects } from "./groups/alike.ts";
import { bySubject } from "./groups/tally.ts";
import { gapHtml, type HtmlPrinter } from "./html/finding.ts";
import { filtersHtml, headerHtml, startHtml } from "./html/header.ts";
import { type Html, html as markup, noHtml, pageHtml, prose } from "./html/html.ts";
import { glossaryHtml, matrixHtml } from "./html/matrix.ts";
import script from "./html/page.js?raw";
import { groupHtml } from "./html/subjects.ts";

/** The report as one page. Everything is readable without the script, which only filters. */
export function html(report: Report, context: ReportContext): string {
  const proofs = new Map((report.proofs ?? []).map((proof) => [proof.subject, proof]));
  const printer: HtmlPrinter = { context, excerpt: excerpter(context), proofs };
  const subjects = bySubject(report);
  const groups = alikeSubjects(subjects, proofs);
  const body = markup`<a class="skip" href="#findings">Skip to the findings</a>
${headerHtml(report, context)}<main>
${startHtml(subjects)}${report.benchmark ? benchmarkHtml(report.benchmark) : noHtml}${groups.length > 0 ? matrixHtml(groups, context) : noHtml}${gapsHtml(printer, report)}<section id="findings" class="findings" aria-labelledby="findings-title" tabindex="-1">
<h2 id="findings-title">Findings</h2>
${groups.length > 0 ? filtersHtml(report, groups) : noHtml}<p id="none" class="empty" hidden>No findings match.</p>
${groups.length > 0 ? groups.map((group, index) => groupHtml(printer, group, index, groups)) : markup`<p class="empty">There is nothing to show.</p>`}</section>
${fixedHtml(report)}${glossaryHtml(report, context)}</main>
`;
  return pageHtml(`bulkhead: ${report.summary.fail} findings`, body, script);
}

function gapsHtml(printer: HtmlPrinter, { gaps }: Report): Html {
  if (gaps.length === 0) return noHtml;
  return markup`<section class="gaps" aria-labelledby="gaps-title"><h2 id="gaps-title">Not read</h2>
<p class="note">What follows was asked for and could not be read: nothing is known of it.</p>
${gaps.map((gap) => gapHtml(printer, gap))}</section>
`;
}

function fixedHtml({ fixed }: Report): Html {
  if (!fixed || fixed.length === 0) return noHtml;
  return markup`<section class="fixed" aria-labelledby="fixed-title"><h2 id="fixed-title">Fixed since the baseline</h2>
<ul>${fixed.map(({ control, subject }) => markup`<li><code>${control}</code> in ${subject}</li>`)}</ul></section>
`;
}

/** A table a section: number, outcome, what is wanted, what was seen, what to do. */
function benchmarkHtml({ title, totals, sections }: BenchmarkResult): Html {
  return markup`<section class="benchmark" aria-labelledby="benchmark-title"><h2 id="benchmark-title">${title}</h2>
<p>${sayTotals(totals)}</p>
${sections.map(
  (
    section,
  ) => markup`<details open><summary><h3>${section.number} ${section.title}</h3> <span class="note">${sayTotals(section.totals)}</span></summary>
<table><thead><tr><th scope="col">Number</th><th scope="col">Result</th><th scope="col">Recommendation</th><th scope="col">Level</th><th scope="col">Evidence and remedy</th></tr></thead>
<tbody>
${section.results.map(rowHtml)}</tbody></table></details>
`,
)}</section>
`;
}

function rowHtml(result: RecommendationResult): Html {
  const { number, outcome, title, level, scored, evidence, more, remedy, controls } = result;
  return markup`<tr id="cis-${number}"><th scope="row">${number}</th><td><span class="outcome ${outcome}">${outcomeWords[outcome]}</span></td><td>${title}${controls.length > 0 ? markup`<br><code>${controls.join(", ")}</code>` : noHtml}</td><td>${level}${scored ? noHtml : markup`, not scored`}</td><td>${
    evidence.length > 0
      ? markup`<ul>${evidence.map((seen) => markup`<li>${seen.subject}: ${sayEvidence(seen)}</li>`)}${more > 0 ? markup`<li>and ${more} more</li>` : noHtml}</ul>`
      : noHtml
  }${remedy === null ? noHtml : markup`<p>${prose(remedy)}</p>`}</td></tr>
`;
}
