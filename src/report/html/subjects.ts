import type { Finding } from "../../audit/finding.ts";
import { groupBy } from "../../base/group-by.ts";
import type { AlikeSubjects } from "../groups/alike.ts";
import { isSerious, kindName, nounOf } from "../groups/groups.ts";
import { beyond, listCounts, type SubjectFindings, severityCounts } from "../groups/tally.ts";
import { place } from "../words.ts";
import { anchorOf, findingHtml, type HtmlPrinter, provenHtml } from "./finding.ts";
import { type Html, html, noHtml } from "./html.ts";

/** A list longer than this is printed without titles, to stay on one page. */
const denseList = 20;

/** Of more groups than this only those with a critical or high finding are open at first. */
const openedGroups = 8;

/**
 * Subjects of which the same is said, with everything that was found of them, and in small print what passed and what
 * does not apply. A reader folds it away.
 */
export function groupHtml(
  printer: HtmlPrinter,
  group: AlikeSubjects,
  index: number,
  groups: readonly AlikeSubjects[],
): Html {
  const { first, members } = group;
  const { subject, open, unknown, suppressed } = first;
  const anchored = new Set<string>();
  const articles = [...open, ...unknown, ...suppressed].map((finding) => {
    const anchor = anchorOf(index, printer.context.controls(finding.control)?.row ?? beyond.row);
    const isFirst = !anchored.has(anchor);
    anchored.add(anchor);
    return findingHtml(printer, finding, group, isFirst ? anchor : undefined);
  });
  const isOpen = groups.length <= openedGroups || open.some(isSerious);
  return html`<details class="subject" id="s${index}" data-subject="${subject.id}" data-members="${members.length}"${isOpen ? html` open` : noHtml}>
<summary><h3>${group.name}</h3><span class="kind">${kindOf(group)}</span><code class="at">${atOf(first)}</code><span class="counts">${listCounts(
    severityCounts(open),
  ).map(([severity, number]) => html`<span class="badge ${severity}">${number} ${severity}</span>`)}${
    unknown.length > 0 ? html`<span class="badge unknown">${unknown.length} unknown</span>` : noHtml
  }</span></summary>
${membersHtml(group)}<div class="list${articles.length > denseList ? " dense" : ""}">${articles}</div>${restHtml(first)}${provenHtml(printer.proofs.get(subject.id))}</details>
`;
}

function kindOf({ first, members }: AlikeSubjects): string {
  if (members.length === 1) return kindName(first.subject);
  return `${members.length} ${nounOf(first.subject)[1]}, all alike`;
}

function atOf({ subject }: SubjectFindings): string {
  return subject.location ? place({ ...subject.location }) : subject.id;
}

function membersHtml({ members }: AlikeSubjects): Html {
  if (members.length === 1) return noHtml;
  return html`<details class="members"><summary>All ${members.length}</summary><ul>${members.map(
    (member) => html`<li>${member.subject.name} <code class="at">${atOf(member)}</code></li>`,
  )}</ul></details>
`;
}

function restHtml({ subject, notApplicable }: SubjectFindings): Html {
  const passed = Object.entries(subject.verdicts).flatMap(([id, verdict]) =>
    verdict === "pass" ? [id] : [],
  );
  if (passed.length === 0 && notApplicable.length === 0) return noHtml;
  const reasons = groupBy(notApplicable, (finding) => finding.message);
  return html`<dl class="rest">${
    passed.length > 0 ? html`<dt>${passed.length} passed</dt><dd>${listed(passed)}</dd>` : noHtml
  }${
    notApplicable.length > 0
      ? html`<dt>${notApplicable.length} not applicable</dt><dd>${[...reasons].map(
          ([reason, findings]) => html`<span class="reason">${listed(idsOf(findings))}: ${reason}</span>`,
        )}</dd>`
      : noHtml
  }</dl>`;
}

function idsOf(findings: readonly Finding[]): readonly string[] {
  return findings.map((finding) => finding.control);
}

function listed(ids: readonly string[]): Html {
  return html`${ids.map((id, index) => html`${index === 0 ? "" : ", "}<a href="#c-${id}">${id}</a>`)}`;
}
