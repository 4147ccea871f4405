import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  type ParsedNode,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { itemsOf, type Node, type ScalarNode } from "../../yaml/node.ts";
import { resolvePlain } from "../../yaml/scalar.ts";
import { escapeDollars, inQuotes } from "./token.ts";

export type YamlPair = Pair<ParsedNode, ParsedNode | null>;
export type YamlMap = YAMLMap.Parsed<ParsedNode, ParsedNode | null>;

/**
 * What a part of a file is to become. What still has its `yaml` stands in the file; what has none is new. Trees are never
 * changed: the edits are the difference between a tree and the file.
 */
export type Tree = MapTree | ListTree | Leaf;

interface Base {
  /** A tag of Compose's to put in front. */
  readonly tag?: "!reset" | "!override";
  /** The item of a list that this stands for instead. */
  readonly over?: ParsedNode;
}

export interface MapTree extends Base {
  readonly kind: "map";
  readonly yaml?: YamlMap;
  readonly entries: readonly Entry[];
}

export interface Entry {
  readonly key: string;
  readonly pair?: YamlPair;
  readonly value: Tree;
}

export interface ListTree extends Base {
  readonly kind: "list";
  readonly yaml?: YAMLSeq.Parsed;
  readonly items: readonly Tree[];
}

/** A scalar, an alias, or nothing at all: `token` is its text in the file, "" for nothing. */
export interface Leaf extends Base {
  readonly kind: "leaf";
  readonly yaml?: ParsedNode;
  readonly token: string;
}

/** As deep as a Compose file is read. */
const deepest = 200;

/** What stands in the file. An alias stays one. */
export function treeOf(yaml: ParsedNode | null, text: string, depth = 0): Tree {
  if (!yaml) return { kind: "leaf", token: "" };
  if (depth < deepest && isMap(yaml)) {
    const entries = yaml.items.map((pair): Entry => {
      return { key: keyOf(pair), pair, value: treeOf(pair.value, text, depth + 1) };
    });
    return { kind: "map", yaml, entries };
  }
  if (depth < deepest && isSeq(yaml)) {
    return { kind: "list", yaml, items: yaml.items.map((item) => treeOf(item, text, depth + 1)) };
  }
  return { kind: "leaf", yaml, token: text.slice(yaml.range[0], yaml.range[1]) };
}

export function keyOf(pair: YamlPair): string {
  return isScalar(pair.key) ? String(pair.key.value) : "";
}

export function leaf(token: string): Leaf {
  return { kind: "leaf", token };
}

export function list(items: readonly Tree[]): ListTree {
  return { kind: "list", items };
}

export function map(entries: Readonly<Record<string, Tree | undefined>>): MapTree {
  return {
    kind: "map",
    entries: Object.entries(entries).flatMap(([key, value]) => (value ? [{ key, value }] : [])),
  };
}

export function child(tree: Tree | undefined, key: string): Tree | undefined {
  return tree?.kind === "map" ? tree.entries.findLast((entry) => entry.key === key)?.value : undefined;
}

/** The map with a key's value changed where it stands, or the key added at the end. */
export function withChild(tree: MapTree, key: string, value: Tree): MapTree {
  const at = tree.entries.findLastIndex((entry) => entry.key === key);
  if (at < 0) return { ...tree, entries: [...tree.entries, { key, value }] };
  const before = tree.entries[at];
  if (before?.value === value) return tree;
  return {
    ...tree,
    entries: tree.entries.map((entry, index) => (index === at ? { ...entry, value } : entry)),
  };
}

export function withoutChild(tree: MapTree, key: string): MapTree {
  return { ...tree, entries: tree.entries.filter((entry) => entry.key !== key) };
}

export function isAliasLeaf(tree: Tree | undefined): boolean {
  return tree?.kind === "leaf" && (tree.yaml ? isAlias(tree.yaml) : tree.token.startsWith("*"));
}

/** Nothing is said: `key:`, `key: ~`, `key: null`. */
export function isNothing(tree: Tree | undefined): boolean {
  return !tree || (tree.kind === "leaf" && /^(?:|~|null|Null|NULL)$/.test(tree.token));
}

/** A copy of the node with each scalar as its author wrote it: for values from an alias, a merge key or another file. */
export function copyOf(node: Node): Tree {
  if (node.kind === "scalar") return leaf(scalarToken(node));
  if (node.kind === "list") return { kind: "list", items: itemsOf(node).map(copyOf) };
  return {
    kind: "map",
    entries: [...node.entries]
      .filter(([, entry]) => entry.value.tag !== "reset")
      .map(([key, entry]) => ({ key, value: copyOf(entry.value) })),
  };
}

function scalarToken(node: ScalarNode): string {
  const written = node.place.source.text.slice(node.place.start, node.place.end);
  if (node.value === null) return /^(?:|~|null|Null|NULL)$/.test(written) ? written : "";
  if (written.includes("\n") || /^[|>]/.test(written)) {
    return inQuotes(written.includes("$") ? node.authored : escapeDollars(node.text), "double");
  }
  const isQuoted = /^['"]/.test(written);
  const isOther = typeof node.value === "string" && typeof resolvePlain(written).value !== "string";
  return !isQuoted && isOther ? inQuotes(written, "double") : written;
}
