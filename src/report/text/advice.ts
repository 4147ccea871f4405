import type { Finding } from "../../audit/finding.ts";
import { joinKeys } from "../../base/join-keys.ts";
import { visible } from "../../base/visible.ts";
import { groupBy } from "../group-by.ts";
import type { ControlGroup } from "../groups.ts";
import { sentence } from "../words.ts";

/**
 * One snippet for several findings: of each control the form that most of them have. Those of one key are
 * joined.
 */
export function snippetOf(findings: readonly Finding[]): readonly string[] {
  const lines = [...groupBy(findings, ({ control }) => control).values()].flatMap((same) => {
    const forms = [...groupBy(same, ({ fix }) => fix?.snippet ?? "")].filter(([form]) => form !== "");
    const most = forms.toSorted(([, a], [, b]) => b.length - a.length)[0];
    return most ? most[0].split("\n").map((line) => line.trimEnd()) : [];
  });
  return joinKeys(lines.filter((line) => line !== ""));
}

/** What to do about a control, in words: the advice that most of its findings give. */
export function adviceOf({ findings }: ControlGroup): string {
  const summaries = [...groupBy(findings, ({ fix }) => fix?.summary ?? "")].toSorted(
    ([, a], [, b]) => b.length - a.length,
  );
  return visible(sentence(summaries[0]?.[0] ?? ""));
}

/** The list of an aside, as `(NET_RAW, SETUID …)`, is for the full report. */
export function withoutAside(head: string): string {
  return head.replace(/ \([^()]*\)$/, "");
}
