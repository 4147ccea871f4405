import type { Outcome, Proof, Proved } from "../../model/proof.ts";
import { sentence } from "../words.ts";
import { type Html, html, noHtml } from "./html.ts";

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
