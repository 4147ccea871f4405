import type { Finding } from "../../audit/finding.ts";
import type { Gap } from "../../model/gap.ts";
import { type FileOrigin, isFileOrigin, type Origin } from "../../model/origin.ts";
import type { Outcome, Proof, Proved } from "../../model/proof.ts";
import type { ReportContext } from "../context.ts";
import type { Excerpt } from "../excerpt.ts";
import type { AlikeSubjects } from "../groups/alike.ts";
import { beyond, isSubjectItself } from "../groups/tally.ts";
import { forSeveral } from "../snippet.ts";
import { count, firstSentence, place, sentence, verdictNames, whyOf } from "../words.ts";
import { type Html, html, htmlLines, noHtml, prose } from "./html.ts";

/** What the parts of the page share. */
export interface HtmlPrinter {
  readonly context: ReportContext;
  readonly excerpt: (origin: FileOrigin, width: number) => Excerpt | undefined;
  /** What was proven of a subject, by its id. */
  readonly proofs: ReadonlyMap<string, Proof>;
}

const excerptWidth = 200;

export type FindingState = "fail" | "unknown" | "suppressed";

export function stateOf(finding: Finding): FindingState {
  if (finding.suppressed) return "suppressed";
  return finding.verdict === "unknown" ? "unknown" : "fail";
}

/** The anchor that the matrix leads to. */
export function anchorOf(subjectIndex: number, row: string): string {
  return `s${subjectIndex}-${row === beyond.row ? "beyond" : row.replace(".", "-")}`;
}

/** One finding with its source lines, views, reason and fix. `anchor` where it is the first of its focus area. */
export function findingHtml(
  printer: HtmlPrinter,
  finding: Finding,
  group: AlikeSubjects,
  anchor: string | undefined,
): Html {
  const { subject } = group.first;
  const places = finding.locations.filter((origin) => !isSubjectItself(origin, subject));
  const control = printer.context.controls(finding.control);
  const state = stateOf(finding);
  const row = control?.row ?? beyond.row;
  const badge = state === "fail" ? finding.severity : state;
  const title = control?.title ?? finding.control;
  return html`<article class="finding ${state} ${finding.severity}" ${anchor === undefined ? noHtml : html`id="${anchor}"`} data-state="${state}" data-severity="${finding.severity}" data-level="${finding.level}" data-control="${finding.control}" data-area="${row}" data-baseline="${finding.baseline ?? ""}">
<header><span class="badge ${badge}">${badge}</span><h4>${state === "unknown" ? `${title}?` : title}</h4>${finding.baseline === "new" ? html`<span class="tag new">new</span>` : noHtml}<span class="facts"><a href="#c-${finding.control}">${finding.control}</a>${row === beyond.row ? noHtml : html`<span>area ${row}</span>`}<span>${finding.level}</span>${state === "fail" ? noHtml : html`<span>${finding.severity}</span>`}</span></header>
<div class="body"><div class="what"><p class="message">${prose(sentence(finding.message))}</p>
${suppressionHtml(finding)}${placesHtml(printer, places)}${otherPlacesHtml(finding, group, places)}${viewsHtml(finding, printer.proofs.get(subject.id))}</div>${adviceHtml(finding, group, whyOf(control, subject.kind))}</div></article>
`;
}

function suppressionHtml({ suppressed }: Finding): Html {
  if (!suppressed) return noHtml;
  const by = suppressed.kind === "comment" ? "a comment beside the line" : "the configuration";
  const until = suppressed.until === null ? "" : `, until ${suppressed.until}`;
  return html`<p class="accepted">Suppressed by ${by}${until}: ${suppressed.reason || "no reason given"}</p>`;
}

export function placesHtml({ excerpt }: HtmlPrinter, locations: readonly Origin[]): Html {
  if (locations.length === 0) return noHtml;
  return html`<div class="places">${locations.map((origin) => {
    const cut = isFileOrigin(origin) ? excerpt(origin, excerptWidth) : undefined;
    return html`<figure><figcaption>${place(origin)}</figcaption>${cut ? sourceHtml(cut) : noHtml}</figure>`;
  })}</div>
`;
}

/** Where the other subjects of the group have the same finding, each place once. */
function otherPlacesHtml({ control }: Finding, { members }: AlikeSubjects, shown: readonly Origin[]): Html {
  const others = members
    .slice(1)
    .flatMap(({ subject, open, unknown, suppressed }) =>
      [...open, ...unknown, ...suppressed]
        .filter((finding) => finding.control === control)
        .flatMap(({ locations }) => locations.filter((origin) => !isSubjectItself(origin, subject))),
    );
  const known = new Set(shown.map(place));
  const places = [...new Set(others.map(place))].filter((each) => !known.has(each));
  if (places.length === 0) return noHtml;
  return html`<details class="more"><summary>and ${count(places.length, "more place")}</summary><ul>${places.map(
    (each) => html`<li><code>${each}</code></li>`,
  )}</ul></details>
`;
}

function sourceHtml({ line, before, marked, after }: Excerpt): Html {
  const mark = marked === "" ? html`<mark class="point"></mark>` : html`<mark>${marked}</mark>`;
  return html`<pre><span class="line">${line}</span><code>${before}${mark}${after}</code></pre>`;
}

/** What each level says, side by side. */
function viewsHtml(finding: Finding, proof: Proof | undefined): Html {
  const proved = proof?.probes.filter(({ control }) => control === finding.control) ?? [];
  if (finding.views.length < 2 && proved.length === 0) return noHtml;
  return html`<ul class="views">${finding.views.map(
    ({ level, verdict, observed }) =>
      html`<li class="${verdict}"><span class="level">${level}</span><span class="seen">${observed ?? "no value"}</span><span class="verdict">${verdictNames[verdict]}</span></li>`,
  )}${provenItems(proved)}</ul>
`;
}

function adviceHtml({ fix }: Finding, { members }: AlikeSubjects, why: string | undefined): Html {
  if (!fix && why === undefined) return noHtml;
  const notes = {
    safe: "",
    behavioural: "may change what the workload can do",
    decision: "your decision",
    manual: "",
  };
  const note = fix ? notes[fix.kind] : "";
  const snippet = fix?.snippet && members.length > 1 ? forSeveral(fix.snippet) : fix?.snippet;
  return html`<dl class="advice">${why === undefined ? noHtml : html`<dt>Why</dt><dd>${prose(firstSentence(why))}</dd>`}${
    fix
      ? html`<dt>Fix</dt><dd><span class="summary">${prose(sentence(fix.summary))}</span>${note === "" ? noHtml : html` <span class="note">${note}</span>`}${
          snippet ? html`<pre class="snippet"><code>${htmlLines(snippet)}</code></pre>` : noHtml
        }${fix.breaks ? html`<span class="breaks">${prose(fix.breaks)}</span>` : noHtml}</dd>`
      : noHtml
  }</dl>`;
}

/** An input that could not be read. */
export function gapHtml(printer: HtmlPrinter, gap: Gap): Html {
  const at = gap.location ? undefined : (gap.file ?? gap.subject);
  return html`<article class="gap"><p class="message">${at === undefined ? noHtml : html`<code>${at}</code> `}${sentence(gap.reason)}${
    gap.subject && gap.subject !== at ? html` <span class="note">${gap.subject}</span>` : noHtml
  }</p>${gap.location ? placesHtml(printer, [gap.location]) : noHtml}</article>
`;
}

const words = {
  held: "held",
  notHeld: "not held",
  inconclusive: "inconclusive",
} as const satisfies Record<Outcome, string>;

/** The look of a verdict: what did not hold looks like a failure. */
const looks = {
  held: "pass",
  notHeld: "fail",
  inconclusive: "unknown",
} as const satisfies Record<Outcome, string>;

/** What experiments showed, beside what is declared, configured and effective: an item for each answer. */
export function provenItems(proved: readonly Proved[]): readonly Html[] {
  const answers = new Map<string, readonly Proved[]>();
  for (const each of proved) {
    const answer = `${each.outcome} ${each.evidence}`;
    answers.set(answer, [...(answers.get(answer) ?? []), each]);
  }
  return [...answers.values()].flatMap((alike) => {
    const [first] = alike;
    if (!first) return [];
    const names = alike.map(({ probe }) => probe).join(", ");
    return html`<li class="${looks[first.outcome]}"><span class="level">proven</span><span class="seen">${sentence(first.evidence)} <small>${names}</small></span><span class="verdict">${words[first.outcome]}</span></li>`;
  });
}

/** Every experiment on a subject: how many held, and each with what was seen. */
export function provenHtml(proof: Proof | undefined): Html {
  if (!proof) return noHtml;
  const held = proof.probes.filter(({ outcome }) => outcome === "held").length;
  return html`<details class="rest proven"><summary>Proven ${proof.where === "twin" ? "in a throw-away twin" : "in place"}: ${held} of ${proof.probes.length} held</summary><dl>${proof.probes.map(
    ({ probe, control, outcome, evidence }) =>
      html`<dt>${words[outcome]}</dt><dd><a href="#c-${control}">${probe}</a>: ${sentence(evidence)}</dd>`,
  )}</dl></details>
`;
}
