import { ok, type Result } from "../../../../base/result.ts";
import { at, type Node } from "../../yaml/node.ts";
import { copyOf } from "../yaml/copy.ts";
import { listItems, type ServiceDraft, update } from "../yaml/draft.ts";
import { isAliasLeaf, isNothing, leaf, list, type MapTree, type Tree } from "../yaml/tree.ts";

/** What becomes of one item: the item changed, or undefined where it goes. */
export type ItemChange = (item: Tree) => Tree | undefined;

export interface ListChange {
  /** By the item's place in the list that all files and `extends` together make. */
  readonly items: ReadonlyMap<number, ItemChange>;
  readonly add: readonly Tree[];
}

/**
 * Changes a list of the service in the file's own text. What comes by an alias or a merge key becomes a list of the
 * service's own; where an item comes from another file or by `extends`, `!override` replaces what those say.
 */
export function changeList(
  tree: MapTree,
  draft: ServiceDraft,
  path: readonly string[],
  change: ListChange,
): Result<MapTree> {
  if (change.items.size === 0 && change.add.length === 0) return ok(tree);
  const items = listItems(at(draft.merged, ...path));
  const ownItems = listItems(at(draft.own, ...path));
  const others = Math.max(0, items.length - ownItems.length);
  const isOverriding = [...change.items.keys()].some((index) => index < others);
  return update(tree, draft, path, (current, node, isMerged) => {
    const present = presentItems(current, node);
    const kept = present.flatMap((item, index) =>
      changed(item, ownItems[index], change.items.get(others + index)),
    );
    if (isOverriding) {
      const inherited = items
        .slice(0, others)
        .flatMap((item, index) => changed(copyOf(item), item, change.items.get(index)));
      const all = [...inherited, ...kept, ...change.add].map(asNew);
      return all.length > 0 ? { ...list(all), tag: "!override" } : { ...leaf("[]"), tag: "!reset" };
    }
    const all = [...kept, ...change.add];
    if (all.length === 0) return isMerged ? leaf("[]") : undefined;
    const [only] = all;
    if (current?.kind === "leaf" && isSingle(current) && all.length === 1 && only?.kind === "leaf") {
      return leaf(only.token);
    }
    return current?.kind === "list" ? { ...current, items: all } : list(all.map(asNew));
  });
}

function presentItems(current: Tree | undefined, node: Node | undefined): readonly Tree[] {
  if (current?.kind === "list") return current.items;
  if (current?.kind === "leaf" && isSingle(current)) return [current];
  return listItems(node).map(copyOf);
}

/** One text where Compose takes a list as well. */
function isSingle(current: Tree): boolean {
  return !isAliasLeaf(current) && !isNothing(current);
}

function changed(item: Tree, node: Node | undefined, change: ItemChange | undefined): readonly Tree[] {
  if (!change) return [item];
  const source = isAliasLeaf(item) && node ? copyOf(node) : item;
  const next = change(source);
  if (!next) return [];
  const over = item.yaml ?? item.over;
  return next.yaml || !over ? [next] : [{ ...next, over }];
}

/** An item as new text, for a list that is written from scratch. */
export function asNew(tree: Tree): Tree {
  if (tree.kind === "leaf") return leaf(singleLine(tree.token));
  if (tree.kind === "list") return list(tree.items.map(asNew));
  return { kind: "map", entries: tree.entries.map(({ key, value }) => ({ key, value: asNew(value) })) };
}

function singleLine(token: string): string {
  return token.replace(/[ \t]*\r?\n[ \t]*/g, " ");
}
