import { spellMount } from "../judge/container/bound-folders.ts";
import type { Judged } from "../judge/judge.ts";
import type { Reason } from "../judge/result.ts";
import type { Policy } from "../policy/policy.ts";

export interface Explained {
  readonly verdict: Judged["verdict"];
  readonly policy: string;
  readonly mode: Policy["mode"];
  readonly route: string | null;
  readonly reasons: readonly { readonly rule: string; readonly message: string; readonly allow: Allow }[];
  readonly changes: readonly {
    readonly control: string;
    readonly flag: string;
    readonly replaced: boolean;
  }[];
  readonly warnings: readonly { readonly rule: string; readonly message: string; readonly allow: Allow }[];
  readonly notes: readonly { readonly rule: string; readonly message: string }[];
  readonly assumptions: readonly string[];
}

/** What the policy would have to say, `rules: { guard-image-push: allow }`; null where nothing should. */
type Allow = string | null;

export function explain(judged: Judged, policy: Policy, assumptions: readonly string[]): Explained {
  const passed = judged.verdict === "deny" ? undefined : judged;
  const reasons = judged.verdict === "deny" ? judged.reasons : [];
  return {
    verdict: judged.verdict,
    policy: policy.name,
    mode: policy.mode,
    route: judged.route?.id ?? null,
    reasons: reasons.map(withAllowance),
    changes: (passed?.changes ?? []).map(({ control, flag, replaced }) => ({ control, flag, replaced })),
    warnings: (passed?.warnings ?? []).map(withAllowance),
    notes: (passed?.notes ?? []).map(({ rule, message }) => ({ rule, message })),
    assumptions,
  };
}

type Told = Explained["reasons"][number];

function withAllowance(reason: Reason): Told {
  const { rule, message } = reason;
  return { rule, message, allow: spellAllowance(reason) };
}

function spellAllowance({ allow }: Reason): Allow {
  if (!allow) return null;
  const { list, value } = allow;
  if (list === "controls") return `controls: { ${value}: off }`;
  if (list === "unjudged") return `routes: { ${value}: unjudged }`;
  if (list === "routes" || list === "rules") return `${list}: { ${value}: allow }`;
  if (list === "mounts") return `allow: { mounts: [${spellMount(allow)}] }`;
  return `allow: { ${list}: [${JSON.stringify(value)}] }`;
}

/** For a person. */
export function explainText(explained: Explained): string {
  const { verdict, route, policy, mode, reasons, changes, warnings, notes, assumptions } = explained;
  const head = { allow: "goes through", harden: "goes through, hardened", deny: "is denied" }[verdict];
  const under = mode === "enforce" ? policy : `${policy}, which only ${mode === "warn" ? "warns" : "learns"}`;
  return [
    `${route ?? "This request"} ${head} (policy: ${under})`,
    ...section("because", reasons.map(toldLine)),
    ...section(
      "changed",
      changes.map(
        ({ control, flag, replaced }) =>
          `${flag}${replaced ? "  in place of what it says" : ""}  (${control})`,
      ),
    ),
    ...section("would be denied or changed", warnings.map(toldLine)),
    ...section(
      "could not be told",
      notes.map(({ rule, message }) => `${message} (${rule})`),
    ),
    ...section("assumed", assumptions),
    "",
  ].join("\n");
}

function toldLine({ rule, message, allow }: Told): string {
  return `${message} (${rule})${allow === null ? "" : `\n      to let it pass: ${allow}`}`;
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", `  ${title}:`, ...lines.map((line) => `    ${line}`)];
}
