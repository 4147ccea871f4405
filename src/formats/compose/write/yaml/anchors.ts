import { type Document, isAlias, isMap, isScalar, isSeq, type ParsedNode, visit } from "yaml";
import { child, keyOf, type MapTree, type Tree, withoutChild, type YamlMap } from "./tree.ts";

/** Where the anchors and aliases of a text stand. */
export interface Anchors {
  readonly nodes: ReadonlyMap<string, ParsedNode>;
  readonly aliases: readonly { readonly name: string; readonly at: number }[];
}

export function anchorsOf(documents: readonly Document.Parsed[]): Anchors {
  const nodes = new Map<string, ParsedNode>();
  const aliases: { readonly name: string; readonly at: number }[] = [];
  for (const document of documents) {
    visit(document, {
      Alias(_, { source, range }) {
        aliases.push({ name: source, at: range?.[0] ?? 0 });
      },
      Value(_, value) {
        if (value.anchor !== undefined) nodes.set(value.anchor, value as ParsedNode);
      },
    });
  }
  return { nodes, aliases };
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The anchored parts of a value that something outside the value takes over as well. */
export function sharedRanges(value: ParsedNode, anchors: Anchors): readonly Range[] {
  const found: Range[] = [];
  const [from, , to] = value.range;
  const isElsewhere = (name: string) =>
    anchors.aliases.some((alias) => alias.name === name && (alias.at < from || alias.at >= to));
  visit(value, {
    Value(_, node) {
      const { anchor, range } = node as ParsedNode;
      if (anchor !== undefined && isElsewhere(anchor)) found.push({ start: range[0], end: range[1] });
    },
  });
  return found;
}

/** Whether the merge keys (`<<`) of a mapping bring this key, whatever the mapping says of it itself. */
export function isMergedIn(tree: MapTree, key: string, anchors: Anchors): boolean {
  return tree.entries.some(
    (entry) => entry.key === "<<" && brings(sourceOf(entry.value, anchors), key, anchors, 0),
  );
}

function sourceOf(value: Tree, anchors: Anchors): ParsedNode | undefined {
  if (value.yaml) return value.yaml;
  return value.kind === "leaf" ? anchors.nodes.get(value.token.slice(1)) : undefined;
}

function brings(node: ParsedNode | null | undefined, key: string, anchors: Anchors, depth: number): boolean {
  if (!node || depth > 50) return false;
  if (isAlias(node)) return brings(anchors.nodes.get(node.source), key, anchors, depth + 1);
  if (isSeq(node)) return node.items.some((item) => brings(item, key, anchors, depth + 1));
  if (!isMap(node)) return false;
  return (node as YamlMap).items.some((pair) => {
    if (keyOf(pair) === key) return true;
    const isMerge = isScalar(pair.key) && pair.key.value === "<<";
    return isMerge && brings(pair.value, key, anchors, depth + 1);
  });
}

/** The map without its merge keys. */
export function withoutMerges(tree: MapTree): MapTree {
  return child(tree, "<<") ? withoutChild(tree, "<<") : tree;
}
