import {
  type Fact,
  type FactList,
  type SetFact,
  set,
  type UnresolvedFact,
  unresolved,
  unset,
} from "../../../model/fact.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import type { Files } from "../../../model/reading.ts";
import { parseBytes } from "../../values/bytes.ts";
import { parseDuration } from "../../values/duration.ts";
import type { Issue } from "../check/report.ts";
import type { Folder } from "../load/file-path.ts";
import type { Lookup } from "../load/template.ts";
import { isNull, itemsOf, type Node, originOf, type ScalarNode } from "../yaml/node.ts";

/** A scalar that says something; null, which says nothing, is left out. */
export function scalar(node: Node | undefined): ScalarNode | undefined {
  return node?.kind === "scalar" && !isNull(node) ? node : undefined;
}

/** Why a value cannot be told, where it cannot: it needs a variable that nothing sets. */
export function missingReason(node: Node): string | undefined {
  const [name] = node.kind === "scalar" ? node.missing : [];
  return name === undefined ? undefined : `the variable ${name} is not set`;
}

/** A value that `parse` makes of a scalar's text; undefined from it means that it is no such value. */
function fact<T>(
  node: Node | undefined,
  kind: string,
  parse: (text: string, node: ScalarNode) => T | undefined,
): Fact<T> {
  if (!node || isNull(node)) return unset;
  return item(node, kind, parse);
}

/** The same for an item of a list, which is always something. */
function item<T>(
  node: Node,
  kind: string,
  parse: (text: string, node: ScalarNode) => T | undefined,
): SetFact<T> | UnresolvedFact {
  const origin = originOf(node);
  const missing = missingReason(node);
  if (missing !== undefined) return unresolved(missing, origin);
  if (node.kind !== "scalar")
    return unresolved(`${kind} is expected here, not a ${node.kind === "map" ? "mapping" : "list"}`, origin);
  const value = parse(node.text, node);
  return value === undefined ? unresolved(`this is not ${kind}`, origin) : set(value, origin);
}

export function textFact(node: Node | undefined): Fact<string> {
  return fact(node, "a text", (text) => text);
}

/** A text that `parse` may find to say nothing (the default). */
export function modeFact<T>(node: Node | undefined, parse: (text: string) => T | undefined): Fact<T> {
  const text = textFact(node);
  if (text.state !== "set") return text;
  const value = parse(text.value);
  return value === undefined ? unset : set(value, ...text.origins);
}

/** YAML's booleans and, for a quoted or substituted text, 1.1's as well, as docker compose casts them. */
export function booleanFact(node: Node | undefined): Fact<boolean> {
  return fact(node, "true or false", (text) => parseBoolean(text));
}

export function parseBoolean(text: string): boolean | undefined {
  const word = text.toLowerCase();
  if (["true", "y", "yes", "on"].includes(word)) return true;
  return ["false", "n", "no", "off"].includes(word) ? false : undefined;
}

export function numberFact(node: Node | undefined): Fact<number> {
  return fact(node, "a number", parseNumber);
}

/** A number of microseconds, or a duration such as `400ms`. */
export function microsecondsFact(node: Node | undefined): Fact<number> {
  return fact(node, "microseconds, or a duration such as 400ms", (text, scalarNode) => {
    const duration = parseDuration(text);
    return parseNumber(text, scalarNode) ?? (duration === undefined ? undefined : duration * 1000);
  });
}

/** A number as YAML read it, or as its text says. */
export function parseNumber(text: string, node: ScalarNode): number | undefined {
  if (typeof node.value === "number") return Number.isFinite(node.value) ? node.value : undefined;
  return /^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : undefined;
}

/** A size: a number of bytes, or a text such as `128m`. */
export function bytesFact(node: Node | undefined): Fact<number> {
  return fact(node, "a size in bytes, such as 128m", parseSize);
}

export function parseSize(text: string, node: ScalarNode): number | undefined {
  return typeof node.value === "number" ? parseNumber(text, node) : parseBytes(text);
}

/** The items of a list; a single text where Compose takes one for a list. Anything else is one unresolved item. */
export function listFact<T>(
  node: Node | undefined,
  kind: string,
  parse: (text: string, node: ScalarNode) => T | undefined,
): FactList<T> {
  if (!node || isNull(node)) return [];
  if (node.kind === "map") return [unresolved("a list is expected here", originOf(node))];
  const items = node.kind === "list" ? itemsOf(node) : [node];
  return items.map((each) => item(each, kind, parse));
}

/** A list where a repeated item counts once. */
export function setFact<T>(
  node: Node | undefined,
  kind: string,
  parse: (text: string, node: ScalarNode) => T | undefined,
): FactList<T> {
  const seen = new Set<string>();
  const distinct = itemsOf(node).filter((each) => {
    const isNew = each.kind !== "scalar" || !seen.has(each.text);
    if (each.kind === "scalar" && each.missing.length === 0) seen.add(each.text);
    return isNew;
  });
  return node?.kind === "list"
    ? distinct.map((each) => item(each, kind, parse))
    : listFact(node, kind, parse);
}

export function texts(node: Node | undefined): FactList<string> {
  return listFact(node, "a text", (text) => text);
}

export function origins(...nodes: readonly (Node | undefined)[]): readonly FileOrigin[] {
  return nodes.flatMap((node) => (node ? [originOf(node)] : []));
}

/** What reading one service may know beside the service. */
export interface Scope {
  /** The merged project: `volumes`, `secrets`, `configs`, `services`. */
  readonly project: Node;
  readonly io: Files;
  readonly lookup: Lookup;
  /** The folder of the project, or of the included one, that the service belongs to. */
  readonly base: Folder;
  /** A stack for a Swarm, whose secrets and configs are not mounts of the host. */
  readonly swarm: boolean;
  /** The services of the project by their `container_name`. */
  readonly containerNames: ReadonlyMap<string, string>;
  /** Notes what docker compose would refuse, or what could not be read. */
  readonly report: (issue: Issue) => void;
}
