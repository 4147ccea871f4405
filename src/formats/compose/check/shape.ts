import { parseBytes } from "../../values/bytes.ts";
import { parseBoolean } from "../read/facts.ts";
import { entriesOf, has, isNull, itemsOf, type Node, type ScalarNode } from "../yaml/node.ts";
import type { Issue } from "./report.ts";

/** What may stand somewhere in a Compose file. A value fits where one of the alternatives does. */
export type Shape = readonly Alternative[];

type Alternative =
  | { readonly kind: "scalar"; readonly says: string; readonly fits: (node: ScalarNode) => boolean }
  | { readonly kind: "list"; readonly item: Shape; readonly unique: boolean }
  | (Mapping & { readonly kind: "map" })
  | { readonly kind: "any" };

interface Mapping {
  readonly keys?: Readonly<Record<string, Shape>>;
  readonly required?: readonly string[];
  /** What stands under other keys, by how they are named. */
  readonly named?: readonly (readonly [name: RegExp, value: Shape])[];
  /** Any other key may stand there, too. */
  readonly open?: boolean;
}

const isText = (node: ScalarNode) => typeof node.value === "string";
const isNumber = (node: ScalarNode) =>
  typeof node.value === "number" ||
  (isText(node) && /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(node.text));

function wholeNumber(node: ScalarNode): number | undefined {
  const value = isNumber(node) ? Number(typeof node.value === "number" ? node.value : node.text) : Number.NaN;
  return Number.isInteger(value) ? value : undefined;
}

export function scalar(says: string, fits: (node: ScalarNode) => boolean): Shape {
  return [{ kind: "scalar", says, fits }];
}

export const any: Shape = [{ kind: "any" }];
export const text = scalar("a text (a number or true needs quotes)", isText);
export const flag = scalar(
  "true or false",
  (node) => typeof node.value === "boolean" || (isText(node) && parseBoolean(node.text) !== undefined),
);
export const number = scalar("a number", isNumber);
export const integer = scalar("a whole number", (node) => wholeNumber(node) !== undefined);
/** Where docker compose takes no text for it, also none that a variable supplies. */
export const bareNumber = scalar("a number without quotes", (node) => typeof node.value === "number");
export const bareInteger = scalar("a whole number without quotes", (node) => Number.isInteger(node.value));
export const bareFlag = scalar("true or false, without quotes", (node) => typeof node.value === "boolean");
export const size = scalar(
  "a number or a size such as 64m",
  (node) => typeof node.value === "number" || (isText(node) && parseBytes(node.text) !== undefined),
);
/** A size that is written as a text, not as a number. */
export const textSize = scalar(
  "a size such as 64m",
  (node) => isText(node) && parseBytes(node.text) !== undefined,
);
export const single = scalar("a single value", () => true);
export const nothing = scalar("empty", isNull);

export function list(item: Shape): Shape {
  return [{ kind: "list", item, unique: false }];
}

/** A list that may name nothing twice. */
export function setOf(item: Shape): Shape {
  return [{ kind: "list", item, unique: true }];
}

/** One of a few words. */
export function word(...words: readonly string[]): Shape {
  return scalar(words.join(", "), (node) => words.includes(node.text));
}

/** A text in which the pattern is found. */
export function matching(pattern: RegExp): Shape {
  return scalar(`a text such as ${pattern.source}`, (node) => isText(node) && pattern.test(node.text));
}

/** A whole number between two, which are allowed themselves. */
export function between(lowest: number, highest: number): Shape {
  const says = highest === Number.POSITIVE_INFINITY ? `${lowest} or more` : `from ${lowest} to ${highest}`;
  return scalar(`a whole number, ${says}`, (node) => {
    const value = wholeNumber(node);
    return value !== undefined && value >= lowest && value <= highest;
  });
}

export function map(mapping: Mapping): Shape {
  return [{ kind: "map", ...mapping }];
}

export function either(...shapes: readonly Shape[]): Shape {
  return shapes.flat();
}

/** Tells what docker compose would refuse about a tree, each with its place; never repeats a value. */
export function checkShape(
  node: Node,
  shape: Shape,
  path: readonly string[],
  report: (issue: Issue) => void,
): void {
  const where = () => path.map(shortName).join(".").replaceAll(".[", "[") || "the file";
  const refuse = (reason: string, place = node.place) =>
    report({ reason: `docker compose refuses this: ${reason}`, place });
  const fitting = shape.find((each) => each.kind === "any" || each.kind === node.kind);
  if (!fitting || (fitting.kind === "scalar" && node.kind !== "scalar")) {
    refuse(`${where()} must be ${describe(shape)}`);
    return;
  }
  if (node.kind === "scalar") {
    const scalars = shape.filter((each) => each.kind === "scalar");
    const known = node.missing.length > 0 || fitting.kind === "any";
    if (!known && !scalars.some((each) => each.fits(node))) refuse(`${where()} must be ${describe(shape)}`);
  } else if (fitting.kind === "list") {
    const seen = new Set<string>();
    for (const [index, each] of itemsOf(node).entries()) {
      checkShape(each, fitting.item, [...path, `[${index}]`], report);
      if (!fitting.unique || each.kind !== "scalar" || each.missing.length > 0) continue;
      // A number and the text of it are two.
      const key = `${typeof each.value} ${each.text}`;
      if (seen.has(key)) refuse(`${where()} names the same twice`, each.place);
      seen.add(key);
    }
  } else if (fitting.kind === "map") {
    for (const { name, key, value } of entriesOf(node)) {
      const known = underKey(fitting, name);
      if (known) checkShape(value, known, [...path, name], report);
      else refuse(`${where()} has a key that it does not know, ${shortName(name)}`, key);
    }
    for (const name of fitting.required ?? [])
      if (!has(node, name)) refuse(`${where()} needs the key ${name}`);
  }
}

function underKey({ keys, named, open }: Mapping, name: string): Shape | undefined {
  if (keys && Object.hasOwn(keys, name)) return keys[name];
  return named?.find(([pattern]) => pattern.test(name))?.[1] ?? (open ? any : undefined);
}

/** A key in a message: a mistaken one may be as long as the file, or hold a value behind an equals sign. */
function shortName(name: string): string {
  const key = name.replace(/=.*/s, "");
  return key.length > 60 ? `${key.slice(0, 60)}…` : key;
}

function describe(shape: Shape): string {
  const words = shape.map((each) => {
    if (each.kind === "scalar") return each.says;
    return each.kind === "list" ? "a list" : "a mapping";
  });
  return [...new Set(words)].join(" or ");
}
