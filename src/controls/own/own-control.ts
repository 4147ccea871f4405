import { type Container, container } from "../../model/container.ts";
import { engine } from "../../model/engine.ts";
import { type Fact, type FactList, isOpen, type SetFact } from "../../model/fact.ts";
import { image } from "../../model/image.ts";
import type { Severity } from "../../model/severity.ts";
import type { View } from "../../model/subject.ts";
import { combine, fail, notApplicable, pass, unknownFact, type Verdict } from "../../model/verdict.ts";
import { type Control, manual } from "../control.ts";

/** A team's own control, as bulkhead.yaml has it: a fact, one comparison, and the words of the finding. */
export interface OwnRule {
  /** Begins with `own-`, so that no control of a later bulkhead has the name. */
  readonly id: string;
  readonly title: string;
  readonly why?: string | undefined;
  readonly severity: Severity;
  /** What is judged: a container where it is not said. */
  readonly subject?: OwnSubject | undefined;
  /** A fact of the model, as docs/audit.md lists them: `memory`, `labels`. */
  readonly fact: string;
  /** Of a list of names (labels, environment), the one that is meant. */
  readonly name?: string | undefined;
  readonly compare: Comparison;
  /** What a finding says; `{value}` is the value, or `nothing`. */
  readonly message: string;
  readonly fix: string;
  readonly bad?: readonly string[] | undefined;
  readonly good?: readonly string[] | undefined;
}

export const ownSubjects = ["container", "image", "engine"] as const;
export type OwnSubject = (typeof ownSubjects)[number];

/** What the value must be; exactly one is given. Where nothing is set, all but `isNot`, `noneOf` and `matchesNot` fail. */
export interface Comparison {
  readonly is?: string | number | boolean | undefined;
  readonly isNot?: string | number | boolean | undefined;
  readonly oneOf?: readonly (string | number)[] | undefined;
  readonly noneOf?: readonly (string | number)[] | undefined;
  readonly atMost?: number | string | undefined;
  readonly atLeast?: number | string | undefined;
  readonly matches?: string | undefined;
  readonly matchesNot?: string | undefined;
  readonly isSet?: boolean | undefined;
}

export const comparisons = [
  "is",
  "isNot",
  "oneOf",
  "noneOf",
  "atMost",
  "atLeast",
  "matches",
  "matchesNot",
  "isSet",
] as const satisfies readonly (keyof Comparison)[];

/** The facts that a rule about this kind may name. */
export function ownFacts(subject: OwnSubject): readonly string[] {
  const empty = { container: container("declared"), image: image("declared"), engine: engine("declared") }[
    subject
  ];
  return Object.entries(empty)
    .filter(([name, value]) => typeof value === "object" && !hidden.has(name))
    .map(([name]) => name);
}

/** What is no fact, and texts that may be secret. */
const hidden = new Set(["processes", "fileSystems", "inspected", "job", "history", "command", "entrypoint"]);

/** The control that a rule makes. */
export function ownControl(rule: OwnRule): Control {
  const { id, title, severity, fix, why = `The team's own rule: ${title}.` } = rule;
  const subject = rule.subject ?? "container";
  return {
    id,
    title,
    why,
    row: undefined,
    severity,
    guard: "off",
    cis: [],
    attack: [],
    cwe: [],
    where: subject === "engine" ? ["J", "E"] : subject === "image" ? ["D", "A"] : ["F", "A"],
    references: [],
    examples: { bad: [], good: [] },
    check: { [subject]: (view: View) => judgeOwn(rule, view) },
    remedy: { [subject]: () => manual(fix) },
  };
}

function judgeOwn(rule: OwnRule, view: View): Verdict {
  if (view.level === "effective") return notApplicable("a rule of the team's own judges what is configured");
  const value = (view as unknown as Readonly<Record<string, unknown>>)[rule.fact];
  if (Array.isArray(value)) return judgeList(rule, value as FactList<unknown>);
  const fact = value as Fact<unknown>;
  if (isOpen(fact)) return unknownFact(fact);
  return fact.state === "set" ? judgeValue(rule, fact) : judgeNothing(rule);
}

/** A named item of a list is one value; else every item must be as the rule says. */
function judgeList(rule: OwnRule, list: FactList<unknown>): Verdict {
  const open = list.find(isOpen);
  const set = list.filter((item): item is SetFact<unknown> => item.state === "set");
  const meant = rule.name === undefined ? set : set.filter(({ value }) => nameOf(value) === rule.name);
  if (meant.length === 0) return open ? unknownFact(open) : judgeNothing(rule);
  return combine([...meant.map((item) => judgeValue(rule, item)), ...(open ? [unknownFact(open)] : [])]);
}

function judgeNothing(rule: OwnRule): Verdict {
  const { isNot, noneOf, matchesNot, isSet } = rule.compare;
  const isFine = isNot !== undefined || noneOf || matchesNot !== undefined || isSet === false;
  return isFine ? pass("nothing") : failOwn(rule, "nothing", []);
}

function judgeValue(rule: OwnRule, { value, origins }: SetFact<unknown>): Verdict {
  const text = textOf(value, rule.name);
  return holds(rule.compare, text)
    ? pass(rule.name === undefined ? text : "as asked")
    : failOwn(rule, text, origins);
}

function failOwn(rule: OwnRule, text: string, origins: SetFact<unknown>["origins"]): Verdict {
  // The value of a variable may be a secret.
  const shown = rule.fact === "environment" && text !== "nothing" ? "its value" : text.slice(0, 200);
  return fail(rule.message.replaceAll("{value}", shown), {
    origins,
    evidence: rule.name ?? shown,
    observed: shown,
  });
}

function holds(compare: Comparison, text: string): boolean {
  const { is, isNot, oneOf, noneOf, atMost, atLeast, matches, matchesNot, isSet } = compare;
  if (isSet !== undefined) return isSet;
  if (is !== undefined) return equalsText(text, is);
  if (isNot !== undefined) return !equalsText(text, isNot);
  if (oneOf) return oneOf.some((each) => equalsText(text, each));
  if (noneOf) return !noneOf.some((each) => equalsText(text, each));
  if (atMost !== undefined) return numberOf(text) <= numberOf(String(atMost));
  if (atLeast !== undefined) return numberOf(text) >= numberOf(String(atLeast));
  if (matches !== undefined) return new RegExp(matches).test(text);
  return matchesNot === undefined || !new RegExp(matchesNot).test(text);
}

function nameOf(value: unknown): string | undefined {
  const name = (value as Partial<Container> & { readonly name?: unknown }).name;
  return typeof name === "string" ? name : undefined;
}

/** A value of a fact as a rule compares it: `name=value` of a pair, or the value alone where its name is meant; a mount as `source:target`. */
export function textOf(value: unknown, name: string | undefined): string {
  if (typeof value !== "object" || value === null) return String(value);
  const part = (key: string): string | undefined => {
    const found = (value as Readonly<Record<string, unknown>>)[key];
    return found === undefined || found === null ? undefined : String(found);
  };
  if (name !== undefined && part("name") === name) return part("value") ?? "";
  const ways: readonly (readonly [readonly string[], string])[] = [
    [["name", "value"], "="],
    [["source", "target"], ":"],
    [["hostPort", "containerPort"], ":"],
    [["hostPath", "containerPath"], ":"],
    [["mode", "target"], ":"],
    [["profile", "path"], ":"],
    [["name", "hard"], "="],
    [["address"], ""],
    [["mode"], ""],
    [["profile"], ""],
  ];
  for (const [keys, between] of ways) {
    const parts = keys.map(part);
    if (parts.every((each) => each !== undefined)) return parts.join(between);
  }
  return JSON.stringify(value);
}

export function equalsText(text: string, wanted: string | number | boolean): boolean {
  return (
    text === String(wanted) || (typeof wanted !== "boolean" && numberOf(text) === numberOf(String(wanted)))
  );
}

const units: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };

/** A number, also with Docker's units: `512m`, `2g`. NaN for anything else, which no comparison holds for. */
export function numberOf(text: string): number {
  const [, digits = "", unit = "b"] = /^(-?\d+(?:\.\d+)?)([bkmgt])?b?$/i.exec(text.trim()) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (units[unit.toLowerCase()] ?? Number.NaN);
}
