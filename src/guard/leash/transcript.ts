import { recordAt } from "../../base/json.ts";
import type { Judged } from "../judge/judge.ts";
import type { Reason } from "../judge/result.ts";
import { toldRule } from "../judge/result.ts";
import { keyOf } from "../policy/lines.ts";

/** Gathers what one command's requests came to. The whole of it is in the log; this is what a person reads at the end. */
export interface Summary {
  note(judged: Judged): void;
  /** Lines that begin with a word: started, refused, to allow it. */
  lines(): readonly string[];
}

interface Refusal {
  readonly route: string;
  readonly reason: Reason;
  times: number;
}

/** Refusals and openings that are said; the log has all. */
const most = 3;

const made: Readonly<Record<string, string>> = {
  "container-create": "container",
  "network-create": "network",
  "volume-create": "volume",
  build: "build",
  "image-create": "pull",
};

export function startSummary(): Summary {
  const counts = new Map<string, number>();
  const refusals = new Map<string, Refusal>();
  let hardened = 0;
  let calls = 0;
  let denied = 0;

  return {
    note(judged) {
      calls += 1;
      const route = judged.route?.id ?? "a call that is not known";
      if (judged.verdict !== "deny") {
        // A solve of a part of a build has no output of its own.
        const outputs = recordAt({ body: judged.request.body }, "body").exporters;
        const what = Array.isArray(outputs) && outputs.length === 0 ? undefined : made[route];
        if (what !== undefined) counts.set(what, (counts.get(what) ?? 0) + 1);
        if (judged.verdict === "harden") hardened += 1;
        return;
      }
      // What is not there is an answer, not a refusal: clients ask for it before they pull or make it.
      const reasons = judged.reasons.filter(({ absent }) => absent === undefined);
      if (reasons.length > 0) denied += 1;
      for (const reason of reasons) {
        const key = `${route} ${reason.rule} ${reason.message}`;
        const known = refusals.get(key);
        if (known) known.times += 1;
        else refusals.set(key, { route, reason, times: 1 });
      }
    },
    lines() {
      const parts = [...counts].map(([what, count]) => `${count} ${what}${count === 1 ? "" : "s"}`);
      const found = [...refusals.values()].toSorted((one, other) => other.times - one.times);
      const why = found.slice(0, most).map(({ route, reason, times }) => {
        const often = times === 1 ? "" : `, ${times} times`;
        return `${route}${often}: ${oneLine(reason.message)} (${toldRule(reason)})`;
      });
      const openings = [...new Set(found.flatMap(({ reason }) => openingOf(reason)))];
      return [
        `started: ${parts.length === 0 ? "nothing" : parts.join(", ")} (${calls} calls, ${hardened} hardened)`,
        `refused: ${denied === 0 ? "nothing" : `${denied} calls. ${why.join("; ")}`}${andMore(found.length)}`,
        ...(found.length > 0
          ? [
              `to allow it: ${openings.length === 0 ? "nothing does" : `${openings.slice(0, most).join("; ")}${andMore(openings.length)}`}`,
            ]
          : []),
      ];
    },
  };
}

function andMore(count: number): string {
  return count > most ? `; and ${count - most} more` : "";
}

function openingOf({ allow, message }: Reason): readonly string[] {
  const option = /--budget [a-z]+=\w+/.exec(message)?.[0];
  if (option !== undefined) return [option];
  if (!allow) return [];
  const { list, value } = allow;
  const words =
    list === "rules"
      ? `rules: { ${value}: allow }`
      : list === "controls"
        ? `controls: { ${value}: off }`
        : list === "unjudged"
          ? `routes: { ${value}: unjudged }`
          : list === "routes"
            ? `routes: { ${value}: allow }`
            : `allow: { ${list}: [${keyOf(allow).split(" ").slice(1).join(" ")}] }`;
  return [`--config FILE with guard: { ${oneLine(words)} }`];
}

/** What a client wrote stays in its line. */
function oneLine(text: string): string {
  const plain = text.replace(/[\s\p{C}\p{Z}]+/gu, " ");
  return plain.length > 300 ? `${plain.slice(0, 300)}…` : plain;
}
