import type { FileOrigin } from "../../../model/origin.ts";
import { locator } from "../../values/positions.ts";
import type { Folder } from "../load/file-path.ts";

/** Where a node really stands: offsets into the text it was read from, end exclusive. */
export interface TextRange {
  readonly source: SourceText;
  readonly start: number;
  readonly end: number;
}

/** A YAML value with aliases and merge keys resolved and variables substituted. Never changed once made. */
export type Node = MapNode | ListNode | ScalarNode;

interface NodeBase {
  readonly place: TextRange;
  /** Compose's own tags: `!reset` forgets what an earlier file said, `!override` replaces it. */
  readonly tag: "reset" | "override" | undefined;
  /** How many nodes a full walk would meet, with every alias expanded. */
  readonly weight: number;
}

export interface MapNode extends NodeBase {
  readonly kind: "map";
  readonly entries: ReadonlyMap<string, MapEntry>;
  /** True for what stands for a list of `NAME=value`, of which `!reset` cannot take single items. */
  readonly listed?: true;
}

export interface MapEntry {
  /** Where the key stands. */
  readonly key: TextRange;
  /** The key and all of its value, as written (an alias stays an alias). */
  readonly whole: TextRange;
  readonly value: Node;
}

interface ListNode extends NodeBase {
  readonly kind: "list";
  readonly items: readonly Node[];
}

export interface ScalarNode extends NodeBase {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
  /** The text after substitution, as docker compose sees it; "" for null. */
  readonly text: string;
  /**
   * The text as an author gave it: parts that a variable of the environment or a `.env` file supplies stay
   * written as `${NAME}`, defaults are filled in.
   */
  readonly authored: string;
  /** Variables without a value and without a default, which docker compose takes as empty or refuses. */
  readonly missing: readonly string[];
}

/** The value of a key; undefined if it is missing or was reset. */
export function get(node: Node | undefined, key: string): Node | undefined {
  if (node?.kind !== "map") return undefined;
  const value = node.entries.get(key)?.value;
  return value?.tag === "reset" ? undefined : value;
}

/** Whether a key exists, even without a value. */
export function has(node: Node | undefined, key: string): boolean {
  return get(node, key) !== undefined;
}

/** Follows keys through maps. */
export function at(node: Node | undefined, ...keys: readonly string[]): Node | undefined {
  return keys.reduce<Node | undefined>((found, key) => get(found, key), node);
}

/** The entries that were not reset. */
export function entriesOf(node: Node | undefined): readonly (MapEntry & { readonly name: string })[] {
  if (node?.kind !== "map") return [];
  return [...node.entries]
    .filter(([, entry]) => entry.value.tag !== "reset")
    .map(([name, entry]) => ({ name, ...entry }));
}

export function itemsOf(node: Node | undefined): readonly Node[] {
  return node?.kind === "list" ? node.items.filter((item) => item.tag !== "reset") : [];
}

export function isNull(node: Node): boolean {
  return node.kind === "scalar" && node.value === null;
}

export function originOf(node: Node): FileOrigin {
  return originAt(node.place);
}

export function originAt({ source, start, end }: TextRange): FileOrigin {
  return source.range(start, end);
}

/** A map made of entries, in the place of another node. */
export function mapOf(entries: ReadonlyMap<string, MapEntry>, place: TextRange): MapNode {
  let weight = 1;
  for (const entry of entries.values()) weight += entry.value.weight;
  return { kind: "map", entries, place, tag: undefined, weight };
}

export function listOf(items: readonly Node[], place: TextRange): ListNode {
  let weight = 1;
  for (const item of items) weight += item.weight;
  return { kind: "list", items, place, tag: undefined, weight };
}

export function scalarOf(value: ScalarNode["value"], place: TextRange, text = `${value ?? ""}`): ScalarNode {
  return { kind: "scalar", value, text, authored: text, missing: [], place, tag: undefined, weight: 1 };
}

/** A text that was read, and how its offsets become lines and columns. */
export interface SourceText {
  /** The path as given. */
  readonly file: string;
  readonly text: string;
  /** What relative paths in it stand on. */
  readonly base: Folder;
  range(start: number, end: number): FileOrigin;
}

export function sourceText(file: string, text: string, base: Folder): SourceText {
  const locate = locator(file, text);
  return { file, text, base, range: (start, end) => locate({ start, end }) };
}
