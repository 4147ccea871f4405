import type { Finding, ReportedSubject } from "../../audit/finding.ts";
import { groupBy } from "../../base/group-by.ts";
import { forSeveral } from "../snippet.ts";
import { nounOf } from "./groups.ts";
import type { SubjectFindings } from "./tally.ts";

/** Subjects of one sort with the same findings: 100 containers of one image are told once. */
export interface AlikeSubjects {
  readonly first: SubjectFindings;
  /** All of them, with the first. */
  readonly members: readonly SubjectFindings[];
  /** `web`, or `web and 99 more`. */
  readonly name: string;
}

/**
 * The subjects, those of which everything said is the same as one. Their places differ, and each keeps its own. `apart`
 * holds the ids of those of which more is known than findings say.
 */
export function alikeSubjects(
  groups: readonly SubjectFindings[],
  apart: { readonly has: (id: string) => boolean },
): readonly AlikeSubjects[] {
  const alike = groupBy(groups, (group) =>
    apart.has(group.subject.id) ? group.subject.id : JSON.stringify(whatIsSaid(group)),
  );
  return [...alike.values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    const { name } = first.subject;
    return [{ first, members, name: members.length === 1 ? name : `${name} and ${members.length - 1} more` }];
  });
}

function whatIsSaid({ subject, open, unknown, suppressed, notApplicable }: SubjectFindings): unknown {
  return [
    nounOf(subject),
    verdictsOf(subject),
    [...open, ...unknown, ...suppressed, ...notApplicable].map(said),
  ];
}

function verdictsOf({ verdicts }: ReportedSubject): unknown {
  return Object.entries(verdicts).toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function said(finding: Finding): unknown {
  const { control, verdict, severity, message, level, fix, suppressed, baseline, views } = finding;
  const seen = views.map((view) => [view.level, view.verdict, view.observed]);
  const advice = fix && { ...fix, snippet: fix.snippet === null ? null : forSeveral(fix.snippet) };
  return [control, verdict, severity, message, level, advice, suppressed, baseline, seen];
}
