import type { SubjectFindings } from "../groups/tally.ts";
import { nextSteps } from "../next-steps.ts";
import { type Html, html, nothing, prose } from "./html.ts";

/** The worst findings, each with the command that mends it or what to do by hand. */
export function startHtml(subjects: readonly SubjectFindings[]): Html {
  const steps = nextSteps(subjects);
  if (steps.length === 0) return nothing;
  return html`<section class="start" aria-labelledby="start-title"><h2 id="start-title">Start here</h2>
<ol>${steps.map(
    ({ finding: { severity }, what, advice, command }) =>
      html`<li><span class="badge ${severity}">${severity}</span> ${prose(what)}${
        advice === undefined ? nothing : html` ${prose(advice)}`
      }<code class="command">${command}</code></li>
`,
  )}</ol></section>
`;
}
