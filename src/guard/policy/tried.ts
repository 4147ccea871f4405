import type { Judged } from "../judge/judge.ts";
import type { Reason } from "../judge/result.ts";
import { isWide, keyOf, type Opening, policyLines } from "./lines.ts";

/** Gathers what became of one command's requests, and says it. */
export interface Trial {
  note(judged: Judged): void;
  /** What was or would be denied, and the lines of bulkhead.yaml that let it pass. */
  report(preset: string | undefined): string;
}

interface Refusal {
  readonly route: string;
  readonly reason: Reason;
  times: number;
}

export function startTrial(): Trial {
  const refusals = new Map<string, Refusal>();
  const counts = { all: 0, refused: 0, isEnforced: false };

  return {
    note(judged) {
      counts.all += 1;
      const isDenied = judged.verdict === "deny";
      // In mode warn what hardening would change is among the warnings, without a word that would let it pass.
      const reasons = (isDenied ? judged.reasons : judged.warnings).filter(
        (each) => isDenied || isAgainst(each),
      );
      if (reasons.length > 0) counts.refused += 1;
      if (isDenied) counts.isEnforced = true;
      for (const reason of reasons) {
        const route = judged.route?.id ?? "a request that is not known";
        const key = `${route} ${reason.rule} ${reason.message}`;
        const known = refusals.get(key);
        if (known) known.times += 1;
        else refusals.set(key, { route, reason, times: 1 });
      }
    },
    report(preset) {
      const found = withoutConsequences([...refusals.values()]);
      const passed = counts.all - counts.refused;
      const head = `${counts.all} ${counts.all === 1 ? "request" : "requests"}: ${passed} allowed, ${counts.refused} ${counts.isEnforced ? "denied" : "would be denied"}`;
      if (found.length === 0) return `${head}\n`;
      const openings = openingsOf(found);
      const wide = openings.filter(({ allow }) => isWide(allow));
      return [
        head,
        "",
        ...found.flatMap(toldLines),
        ...(openings.length > 0 ? ["", "To let it pass, write this into bulkhead.yaml:", "", "guard:"] : []),
        ...(openings.length > 0 && preset !== undefined ? [`  preset: ${preset}`] : []),
        ...policyLines(
          openings.filter(({ allow }) => !isWide(allow)),
          "  ",
        ),
        ...(wide.length > 0
          ? ["  # Careful: this lets through everything alike, not only what this command asked for."]
          : []),
        ...policyLines(wide, "  "),
        "",
      ].join("\n");
    },
  };
}

/** A container that would not have been made is refused at each step: why it would not have been made is enough. */
function withoutConsequences(refusals: readonly Refusal[]): readonly Refusal[] {
  const said = new Set(refusals.flatMap(({ reason }) => (reason.allow ? [keyOf(reason.allow)] : [])));
  return refusals.filter(({ reason: { because } }) => !because?.allow || !said.has(keyOf(because.allow)));
}

/** A warning that enforce would deny for. What it would only change has no allowance. */
function isAgainst({ allow, isUnjudged, absent }: Reason): boolean {
  return allow !== undefined || isUnjudged === true || absent !== undefined;
}

function toldLines({ route, reason, times }: Refusal): readonly string[] {
  const often = times === 1 ? "" : `, ${times} times`;
  const noWay = reason.allow === undefined ? "\n    No policy lets it pass." : "";
  return [`  ${route}${often}: ${reason.message} (${reason.rule})${noWay}`];
}

function openingsOf(refusals: readonly Refusal[]): readonly Opening[] {
  const found = new Map<string, Opening>();
  for (const { reason } of refusals)
    if (reason.allow && !found.has(keyOf(reason.allow)))
      found.set(keyOf(reason.allow), { allow: reason.allow, message: reason.message });
  return [...found.values()];
}
