import { type ParsedNode, parseDocument } from "yaml";
import { failed, ok, type Result } from "../../../../base/result.ts";
import type { Container } from "../../../../model/container.ts";
import type { FileOrigin, Origin } from "../../../../model/origin.ts";
import { itemsOf, type Node, originOf } from "../../yaml/node.ts";
import { type Change, updateAt } from "../update.ts";
import type { Anchors } from "./anchors.ts";
import type { Layout } from "./layout.ts";
import { spellText, type TokenStyle } from "./token.ts";
import { isAliasLeaf, isNothing, type Leaf, leaf, type MapTree, map, type Tree } from "./tree.ts";

/** What writing a service knows of it. None of it changes while the tree does. */
export interface ServiceDraft {
  readonly before: Container;
  /** The service as its files together say it. */
  readonly merged: Node;
  /** The service as the file says it that is written to; undefined where it says nothing. */
  readonly own: Node | undefined;
  readonly swarm: boolean;
  readonly inFlow: boolean;
  readonly anchors: Anchors;
  readonly layout: Layout;
  /** What the service would say at a path, were this its text and another file or `extends` has a say as well. */
  readonly remaining: (tree: MapTree, path: readonly string[]) => Node | undefined;
}

export function update(
  tree: MapTree,
  draft: ServiceDraft,
  path: readonly string[],
  change: Change,
): Result<MapTree> {
  let tag: Tree["tag"];
  const changed = updateAt(tree, draft.own, path, draft.anchors, (...current) => {
    const made = change(...current);
    tag = made?.tag;
    return made;
  });
  if (!changed.ok) return changed;
  if (tag && draft.layout.isJson)
    return failed(`the file is JSON, which has no ${tag} to take back what another file or an extends says`);
  if (!changed.value) return ok(map({}));
  return changed.value.kind === "map" ? ok(changed.value) : failed("the service is not a mapping");
}

/** Sets one value, in the quotes of the one that it takes the place of. */
export function setValue(
  tree: MapTree,
  draft: ServiceDraft,
  path: readonly string[],
  text: string,
  style: Partial<TokenStyle> = {},
): Result<MapTree> {
  return update(tree, draft, path, (current) => valueLeaf(text, current, draft, style));
}

/** A scalar in place of what stands there. */
export function valueLeaf(
  text: string,
  current: Tree | undefined,
  draft: ServiceDraft,
  style: Partial<TokenStyle> = {},
): Leaf {
  const like = current?.kind === "leaf" && !isAliasLeaf(current) ? likeOf(current) : undefined;
  return leaf(spellText(text, { ...tokenStyle(draft), ...style }, like));
}

/** A number, `true` or `false` as it stands; in quotes only where the value that it replaces has some. */
export function plainLeaf(text: string, current: Tree | undefined, draft: ServiceDraft): Leaf {
  const isQuoted = current?.kind === "leaf" && /^['"]/.test(current.token);
  return isQuoted ? valueLeaf(text, current, draft) : leaf(text);
}

export function tokenStyle({ layout, inFlow }: ServiceDraft): TokenStyle {
  return { quote: layout.quote, inFlow: inFlow || layout.flowLists };
}

function likeOf(current: Leaf): ParsedNode | null {
  return current.yaml ?? (current.token === "" ? null : parseDocument(current.token).contents);
}

/** Takes a key away, also where another file or an `extends` says it: then `!reset` forgets it. */
export function unsetValue(tree: MapTree, draft: ServiceDraft, path: readonly string[]): Result<MapTree> {
  const without = update(tree, draft, path, () => undefined);
  if (!without.ok || !draft.remaining(without.value, path)) return without;
  return update(without.value, draft, path, () => ({ kind: "leaf", token: "null", tag: "!reset" }));
}

/** The text of a scalar as its author wrote it, variables left alone. */
export function textOf(tree: Tree): string | undefined {
  if (tree.kind !== "leaf" || isAliasLeaf(tree)) return undefined;
  if (tree.yaml && "value" in tree.yaml) return String(tree.yaml.value ?? "");
  const parsed = parseDocument(tree.token, { schema: "failsafe" }).toJS() as unknown;
  return isNothing(tree) ? "" : typeof parsed === "string" ? parsed : undefined;
}

/** The items of a list; a single value stands for a list of one. */
export function listItems(node: Node | undefined): readonly Node[] {
  if (node?.kind === "scalar") return node.value === null ? [] : [node];
  return itemsOf(node);
}

/** Tells which item a fact was read from: its index, or -1. */
export function placesOf(items: readonly Node[]): (origin: Origin | undefined) => number {
  const places = new Map(items.map((item, index) => [placeKey(originOf(item)), index]));
  return (origin) => (origin && "file" in origin ? (places.get(placeKey(origin)) ?? -1) : -1);
}

function placeKey({ file, startLine, startColumn, endLine, endColumn }: FileOrigin): string {
  return `${startLine}:${startColumn}-${endLine}:${endColumn} ${file}`;
}

export function isSamePlace(one: FileOrigin, other: Origin | undefined): boolean {
  return (
    other !== undefined &&
    "file" in other &&
    one.file === other.file &&
    one.startLine === other.startLine &&
    one.startColumn === other.startColumn &&
    one.endLine === other.endLine &&
    one.endColumn === other.endColumn
  );
}
