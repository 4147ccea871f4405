import type { BenchmarkResult, RecommendationResult } from "../../audit/benchmark/benchmark.ts";
import { type Html, html as markup, nothing, prose } from "../html/html.ts";
import { outcomeWords, sayEvidence, sayTotals } from "./words.ts";

/** A table a section: number, outcome, what is wanted, what was seen, what to do. */
export function benchmarkHtml({ title, totals, sections }: BenchmarkResult): Html {
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
  return markup`<tr id="cis-${number}"><th scope="row">${number}</th><td><span class="outcome ${outcome}">${outcomeWords[outcome]}</span></td><td>${title}${controls.length > 0 ? markup`<br><code>${controls.join(", ")}</code>` : nothing}</td><td>${level}${scored ? nothing : markup`, not scored`}</td><td>${
    evidence.length > 0
      ? markup`<ul>${evidence.map((seen) => markup`<li>${seen.subject}: ${sayEvidence(seen)}</li>`)}${more > 0 ? markup`<li>and ${more} more</li>` : nothing}</ul>`
      : nothing
  }${remedy === null ? nothing : markup`<p>${prose(remedy)}</p>`}</td></tr>
`;
}
