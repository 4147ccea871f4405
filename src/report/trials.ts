import { type Html, html, htmlLines, noHtml, pageHtml } from "./html/html.ts";
import { count } from "./words.ts";

/** What trials showed of one workload. */
export interface TriedWorkload {
  readonly subject: string;
  /** Why nothing could be tried; undefined where something was. */
  readonly failure: string | undefined;
  /** How it was checked. */
  readonly note: string;
  readonly steps: readonly TriedStep[];
  /** What was learnt of it: a name, and lines. */
  readonly facts?: readonly (readonly [name: string, lines: readonly string[]])[];
}

interface TriedStep {
  readonly controls: readonly string[];
  readonly summary: string;
  readonly outcome: "holds" | "breaks" | "notTried";
  readonly reason: string | undefined;
  /** Log lines. */
  readonly evidence: readonly string[];
}

const words = { holds: "holds", breaks: "breaks", notTried: "not tried" } as const;
/** The look of a verdict. */
const looks = { holds: "pass", breaks: "fail", notTried: "unknown" } as const;

/** `fix --verify` or `learn` as one page: what holds, what breaks and why, and the edits. */
export function trialsPage(
  command: "fix --verify" | "learn",
  workloads: readonly TriedWorkload[],
  diffs: readonly string[],
): string {
  const of = (outcome: TriedStep["outcome"]) =>
    workloads.flatMap(({ steps }) => steps).filter((step) => step.outcome === outcome).length;
  const head = `${count(of("holds"), "step")} ${of("holds") === 1 ? "holds" : "hold"}, ${of("breaks")} ${of("breaks") === 1 ? "breaks" : "break"}, ${of("notTried")} not tried`;
  const body = html`<header class="page">
<p class="brand"><b>bulkhead</b> ${command}</p>
<h1>${head}</h1>
</header>
<main>
${workloads.map(workloadHtml)}${editsHtml(diffs)}</main>
`;
  return pageHtml(`bulkhead: ${head}`, body, undefined);
}

function workloadHtml({ subject, failure, note, steps, facts = [] }: TriedWorkload): Html {
  return html`<section class="subject"><header><h3>${subject}</h3></header>
<p class="note">${failure === undefined ? note : html`<b>${failure}</b>`}</p>
${facts.length === 0 ? noHtml : html`<div class="proven"><dl>${facts.map(factHtml)}</dl></div>\n`}${steps.map(stepHtml)}</section>
`;
}

function factHtml([name, lines]: readonly [string, readonly string[]]): Html {
  return html`<dt>${name}</dt><dd>${lines.map((line) => html`${line}<br>`)}</dd>`;
}

function stepHtml({ controls, summary, outcome, reason, evidence }: TriedStep): Html {
  const state = looks[outcome];
  return html`<article class="finding ${state}"><header><span class="badge ${state}">${words[outcome]}</span><h4>${summary}</h4><span class="facts"><span>${controls.join(", ")}</span></span></header>
<div class="body"><div class="what">${reason === undefined ? noHtml : html`<p class="message">${reason}</p>`}${evidence.length === 0 ? noHtml : html`<pre>${htmlLines(evidence.join("\n"))}</pre>`}</div></div></article>
`;
}

function editsHtml(diffs: readonly string[]): Html {
  if (diffs.length === 0) return noHtml;
  return html`<section><h2>The edits</h2>
${diffs.map((diff) => html`<pre>${htmlLines(diff)}</pre>\n`)}</section>
`;
}
