import type { Suppression } from "../model/exemption.ts";
import type { Gap } from "../model/gap.ts";
import type { Subject } from "../model/subject.ts";
import { fingerprint } from "./evaluate.ts";
import type { AcceptedGap, BaselineEntry } from "./finding.ts";
import { type Ignore, ignoreOf, notRead } from "./ignores.ts";

/** What an ignore of `not-read` accepts, and what stays open. */
export function splitGaps(
  gaps: readonly Gap[],
  subjects: readonly Subject[],
  ignores: readonly Ignore[],
  today: string,
): { readonly open: readonly Gap[]; readonly accepted: readonly AcceptedGap[] } {
  const accepted = gaps.flatMap((gap): AcceptedGap[] => {
    const origins = gap.location ? [gap.location] : [];
    const suppressed = ignoreOf(ignores, notRead, subjectOf(gap, subjects), { origins }, today);
    return suppressed ? [{ gap, suppressed }] : [];
  });
  const known = new Set(accepted.map(({ gap }) => gap));
  return { open: gaps.filter((gap) => !known.has(gap)), accepted };
}

/** The gaps that a baseline has, as accepted ones. */
export function splitByBaseline(
  gaps: readonly Gap[],
  baseline: readonly BaselineEntry[],
): { readonly open: readonly Gap[]; readonly accepted: readonly AcceptedGap[] } {
  const known = new Set(baseline.map((entry) => entry.fingerprint));
  const isKnown = (gap: Gap) => known.has(entryOf(gap).fingerprint);
  const suppressed: Suppression = { kind: "config", reason: "it is in the baseline", until: null };
  return {
    open: gaps.filter((gap) => !isKnown(gap)),
    accepted: gaps.filter(isKnown).map((gap) => ({ gap, suppressed })),
  };
}

/** A gap in a baseline: the same however its lines move. */
export function entryOf({ file, subject, reason }: Gap): BaselineEntry {
  const about = subject ?? file ?? "";
  return { fingerprint: fingerprint(notRead, about, [reason]), control: notRead, subject: about };
}

/** Whom a rule may name: the subject that the gap is about, or its file. */
function subjectOf({ subject, file, location }: Gap, subjects: readonly Subject[]): Subject {
  const known = subjects.find(({ id }) => id === subject);
  if (known) return known;
  const name = subject ?? file ?? "";
  const whole = { startLine: 1, startColumn: 1, endLine: 1, endColumn: 1 };
  const place = location ?? (file === undefined ? undefined : { file, ...whole });
  return { kind: "container", id: name, stableId: name, name, source: "compose", location: place, views: [] };
}
