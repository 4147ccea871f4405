import type { Finding } from "../../audit/finding.ts";
import { groupBy } from "../../base/group-by.ts";
import { joinKeys } from "../../base/join-keys.ts";
import { visible } from "../../base/visible.ts";
import type { ControlGroup } from "../groups/groups.ts";
import { forSeveral } from "../snippet.ts";
import { listNames, sentence } from "../words.ts";

/** Of a snippet so many lines that are meant for some subjects only are shown; `-v` has them all. */
const linesForSome = 2;

/**
 * One snippet for several findings. A line that only some subjects need says which, as `user: postgres  # for db`. Lines of
 * one key are joined.
 */
export function snippetOf(
  findings: readonly Finding[],
  nameOf: (subject: string) => string,
): readonly string[] {
  const controls = [...groupBy(findings, ({ control }) => control).values()];
  const all = controls.flatMap((same) =>
    linesOf(same).map(([line, who]) => ({ line, who, isForAll: who.length === same.length })),
  );
  const forAll = all.filter(({ isForAll }) => isForAll).map(({ line }) => line);
  const forSome = all.filter(({ isForAll }) => !isForAll);
  if (forSome.length <= linesForSome) {
    const marked = forSome.map(
      ({ line, who }) => `${line}  ${markOf(line)} ${listNames(who.map(nameOf), 3)}`,
    );
    return [...joinKeys(forAll), ...marked];
  }
  const keys = [...new Set(forSome.map(({ line }) => keyOf(line)))];
  const verb = keys.length === 1 ? "differs" : "differ";
  return [...joinKeys(forAll), `# ${keys.join(", ")} ${verb}: -v shows what bulkhead fix writes for each`];
}

function markOf(line: string): string {
  return line.includes("#") ? "for" : "# for";
}

/** What a line sets or removes: `tmpfs`, `--tmpfs`, `volumes`. */
function keyOf(line: string): string {
  return /^(?:# remove |leave out |(?:docker|podman) update )?"?(-{0,2}[\w.-]+)/.exec(line)?.[1] ?? line;
}

/** Each line of a control's snippets, with the subjects that it is proposed for. */
function linesOf(findings: readonly Finding[]): readonly (readonly [string, readonly string[]])[] {
  const isOnly = findings.length === 1;
  const lines = findings.flatMap(({ fix, subject }) => {
    const snippet = fix?.snippet ?? "";
    const text = isOnly ? snippet : forSeveral(snippet);
    return text.split("\n").map((line) => ({ line: line.trimEnd(), subject }));
  });
  const byLine = groupBy(
    lines.filter(({ line }) => line !== ""),
    ({ line }) => line,
  );
  return [...byLine].map(([line, same]) => [line, same.map(({ subject }) => subject)] as const);
}

/** What to do about a control, in words: what most of its findings advise. Advice for one image is no advice for all. */
export function adviceOf({ findings }: ControlGroup): string {
  const summaries = [...groupBy(findings, ({ fix }) => fix?.summary ?? "")]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([summary]) => summary);
  const fitting =
    summaries.length === 1 ? summaries : summaries.filter((each) => !/\bthe image\b/.test(each));
  const [most = ""] = fitting;
  return most === "" ? "" : visible(sentence(most));
}

/** An aside, as `(NET_RAW, SETUID …)` or `(container port 80/tcp)`, is for the full report. */
export function withoutAside(head: string): string {
  return head.replaceAll(/ \([^()]*\)/g, "");
}
