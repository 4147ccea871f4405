import { stringify } from "yaml";
import { findControl } from "../../controls/registry.ts";
import { isAtLeast } from "../../model/severity.ts";
import { spellMount } from "../judge/container/bound-folders.ts";
import { isShutRoute, shutRoutes } from "../judge/policy/rules.ts";
import type { Allowance } from "../judge/result.ts";

/** What would let a request pass, and the reason for which it would have been denied. */
export interface Opening {
  readonly allow: Allowance;
  readonly message: string;
}

/** Rules that hold for any container whatever: to open one is to open all that the controls close. */
const opensEverything = new Set(["guard-unsafe-container", "guard-exec-privileged"]);

/**
 * Whether it would open far more than what was asked for: a grave control that is off is off for every container of the client,
 * where an entry of a list lets one capability or one folder through.
 */
export function isWide({ list, value }: Allowance): boolean {
  if (list === "unjudged") return isShutRoute(value) && shutRoutes[value] !== "guard-outgoing";
  if (list === "controls") return isAtLeast(findControl(value)?.severity ?? "critical", "high");
  return list === "rules" && opensEverything.has(value);
}

/** Openings as lines of bulkhead.yaml: routes, rules, controls, lists of `allow`, each below its reason. */
export function policyLines(openings: readonly Opening[], indent: string): readonly string[] {
  const of = (list: Allowance["list"]) => openings.filter(({ allow }) => allow.list === list);
  const named = (list: "rules" | "controls", word: string) =>
    section(list, of(list), indent, ({ allow }) => `${allow.value}: ${word}`);
  const unjudged = new Set(of("unjudged").map(({ allow }) => allow.value));
  const routes = [...of("routes").filter(({ allow }) => !unjudged.has(allow.value)), ...of("unjudged")];
  const lists = [...new Set(openings.map(({ allow }) => allow.list))].filter(
    (list) => !["routes", "unjudged", "rules", "controls"].includes(list),
  );
  return [
    ...section(
      "routes",
      routes,
      indent,
      ({ allow }) => `${allow.value}: ${unjudged.has(allow.value) ? "unjudged" : "allow"}`,
    ),
    ...named("rules", "allow"),
    ...named("controls", "off"),
    ...(lists.length > 0 ? [`${indent}allow:`] : []),
    ...lists.flatMap((list) =>
      section(
        list,
        of(list),
        `${indent}  `,
        ({ allow }) => `- ${list === "mounts" ? spellMount(allow) : scalar(allow.value)}`,
      ),
    ),
  ];
}

function section(
  title: string,
  openings: readonly Opening[],
  indent: string,
  line: (opening: Opening) => string,
): readonly string[] {
  if (openings.length === 0) return [];
  return [
    `${indent}${title}:`,
    ...openings.flatMap((opening) => [
      `${indent}  # ${opening.message.replace(/[\s\p{C}\p{Z}]+/gu, " ")}`,
      `${indent}  ${line(opening)}`,
    ]),
  ];
}

/** In one line, whatever stands in it: what a client asked for must not become a line of the policy. */
export function scalar(text: string): string {
  return stringify(text, {
    lineWidth: 0,
    blockQuote: false,
    doubleQuotedMinMultiLineLength: Number.MAX_SAFE_INTEGER,
  }).trimEnd();
}

export function keyOf({ list, value, readOnly, dangerous }: Allowance): string {
  return `${list} ${value}${readOnly ? " readOnly" : ""}${dangerous ? " dangerous" : ""}`;
}
