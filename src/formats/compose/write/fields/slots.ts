import { isEqual } from "../../../../base/equal.ts";
import { ok, type Result } from "../../../../base/result.ts";
import type { ContainerLists } from "../../../../model/container.ts";
import type { FactList, SetFact } from "../../../../model/fact.ts";
import type { ContainerPatch } from "../../../../model/patch.ts";
import { at, type Node } from "../../yaml/node.ts";
import { listItems, type ServiceDraft, update } from "../yaml/draft.ts";
import { copyOf, isAliasLeaf, isNothing, leaf, list, type MapTree, type Tree } from "../yaml/tree.ts";

export type ListField = keyof ContainerLists;

/** One item of a list, before and after. */
export interface Slot<T> {
  /** Undefined for a new one. */
  readonly before: SetFact<T> | undefined;
  /** Undefined for one that goes. */
  readonly after: T | undefined;
  readonly patches: readonly ContainerPatch[];
}

/**
 * What patches of one list do to its items: only what is other in the end than it was. Linear in the items and the patches.
 */
export function slotsOf<T>(list: FactList<T>, patches: readonly ListPatch<T>[]): readonly Slot<T>[] {
  const slots: Slot<T>[] = [];
  const holders = new Map<string, number[]>();
  const put = (place: number, slot: Slot<T>) => {
    slots[place] = slot;
    if (slot.after === undefined) return;
    const key = JSON.stringify(slot.after);
    const known = holders.get(key);
    if (known) known.push(place);
    else holders.set(key, [place]);
  };
  for (const item of list) {
    if (item.state === "set") put(slots.length, { before: item, after: item.value, patches: [] });
  }
  for (const patch of patches) {
    const key = JSON.stringify(patch.value);
    const places = holders.get(key) ?? [];
    if (patch.op === "add") {
      if (places.length > 0) continue;
      put(slots.length, { before: undefined, after: patch.value, patches: [patch.whole] });
      continue;
    }
    holders.delete(key);
    const after = patch.op === "replace" ? patch.with : undefined;
    for (const place of places) {
      const slot = slots[place];
      if (slot) put(place, { ...slot, after, patches: [...slot.patches, patch.whole] });
    }
  }
  return slots.filter(({ before, after }) => !isEqual(before?.value, after));
}

/** A patch of a list, its values typed. */
export type ListPatch<T> = { readonly whole: ContainerPatch } & (
  | { readonly op: "add" | "remove"; readonly value: T }
  | { readonly op: "replace"; readonly value: T; readonly with: T }
);

/** The places of the items by what they are about, in order. */
export function grouped<I>(
  items: readonly I[],
  about: (item: I) => string | undefined,
): ReadonlyMap<string, readonly number[]> {
  const groups = new Map<string, number[]>();
  for (const [place, item] of items.entries()) {
    const name = about(item);
    if (name === undefined) continue;
    const known = groups.get(name);
    if (known) known.push(place);
    else groups.set(name, [place]);
  }
  return groups;
}

/** Told of a slot that cannot be written, and why. */
export type Refuse<T> = (slot: Slot<T>, reason: string) => void;

/** What becomes of one item: the item changed, or undefined where it goes. */
export type ItemChange = (item: Tree) => Tree | undefined;

interface ListChange {
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
