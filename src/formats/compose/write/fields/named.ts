import { ok, type Result } from "../../../../base/result.ts";
import { asMapping, nameOf } from "../../read/key-values.ts";
import { at, entriesOf, type Node } from "../../yaml/node.ts";
import { removeKey } from "../update.ts";
import { isMergedIn } from "../yaml/anchors.ts";
import { copyOf } from "../yaml/copy.ts";
import { listItems, type ServiceDraft, tokenStyle, update, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars, spellText } from "../yaml/token.ts";
import { leaf, list, type MapTree, map, type Tree } from "../yaml/tree.ts";
import { asNew } from "./list.ts";

export interface NamedValue {
  /** The value in a mapping, given the one that it takes the place of. */
  readonly value: (current: Tree | undefined) => Tree;
  /** The item in a list: `NAME=value`, or `NAME`. */
  readonly item: string;
}

export interface NamedChange {
  readonly remove: ReadonlySet<string>;
  readonly put: ReadonlyMap<string, NamedValue>;
}

/** Changes names and values, written as a mapping or as a list of `NAME=value`, in the form that is there. */
export function changeNamed(
  tree: MapTree,
  draft: ServiceDraft,
  path: readonly string[],
  change: NamedChange,
): Result<MapTree> {
  if (change.remove.size === 0 && change.put.size === 0) return ok(tree);
  const merged = asMapping(at(draft.merged, ...path));
  const own = asMapping(at(draft.own, ...path));
  const inherited = [...change.remove].filter((name) => merged?.entries.has(name));
  const isOverriding =
    inherited.some((name) => !own?.entries.has(name)) || staysBelow(tree, draft, path, change);
  return update(tree, draft, path, (current, node, isMerged) => {
    if (isOverriding) {
      const all = withPut(withoutNames(mapOfAll(at(draft.merged, ...path), draft), change), change);
      return all.entries.length > 0 ? { ...all, tag: "!override" } : { ...leaf("null"), tag: "!reset" };
    }
    const start = startOf(current, node);
    const next =
      start.kind === "list"
        ? changedList(start, node, change, draft)
        : changedMap(start, node, change, draft);
    const isEmpty = next.kind === "leaf" || (next.kind === "list" ? next.items : next.entries).length === 0;
    if (!isEmpty) return next;
    return isMerged ? leaf(next.kind === "list" ? "[]" : "{}") : undefined;
  });
}

/** Whether what is taken out of the file's own text stands in what it lies over as well. */
function staysBelow(
  tree: MapTree,
  draft: ServiceDraft,
  path: readonly string[],
  change: NamedChange,
): boolean {
  if (change.remove.size === 0) return false;
  const without = update(tree, draft, path, () => undefined);
  const left = without.ok ? asMapping(draft.remaining(without.value, path)) : undefined;
  return [...change.remove].some((name) => left?.entries.has(name));
}

function startOf(current: Tree | undefined, node: Node | undefined): Tree {
  if (current?.kind === "list" || current?.kind === "map") return current;
  const copy = node && copyOf(node);
  return copy && copy.kind !== "leaf" ? copy : map({});
}

function changedList(start: Tree, node: Node | undefined, change: NamedChange, draft: ServiceDraft): Tree {
  if (start.kind !== "list") return start;
  const names = listItems(node).map((item) => (item.kind === "scalar" ? nameOf(item.text) : ""));
  const lastOf = new Map(names.map((name, index) => [name, index]));
  const items = start.items.flatMap((item, index): readonly Tree[] => {
    const name = names[index] ?? "";
    if (change.remove.has(name)) return [];
    const put = lastOf.get(name) === index ? change.put.get(name) : undefined;
    if (!put) return [item];
    const next = valueLeaf(put.item, item, draft);
    return [item.yaml ? { ...next, over: item.yaml } : next];
  });
  const added = [...change.put]
    .filter(([name]) => !lastOf.has(name))
    .map(([, put]) => leaf(spellText(put.item, tokenStyle(draft))));
  return start.yaml ? { ...start, items: [...items, ...added] } : list([...items, ...added]);
}

function changedMap(start: Tree, node: Node | undefined, change: NamedChange, draft: ServiceDraft): Tree {
  if (start.kind !== "map") return start;
  const isMerged = (name: string) => isMergedIn(start, name, draft.anchors);
  const without = [...change.remove]
    .filter(isMerged)
    .reduce((rest, name) => removeKey(rest, name, node, draft.anchors), withoutNames(start, change));
  return withPut(without, change);
}

/** What is there changes in its place, the rest comes at the end. */
function withPut(tree: MapTree, { put }: NamedChange): MapTree {
  const places = new Map(tree.entries.map(({ key }, index) => [key, index]));
  const entries = tree.entries.map((entry, index) => {
    const named = places.get(entry.key) === index ? put.get(entry.key) : undefined;
    return named ? { ...entry, value: named.value(entry.value) } : entry;
  });
  const added = [...put]
    .filter(([name]) => !places.has(name))
    .map(([key, named]) => ({ key, value: named.value(undefined) }));
  return { ...tree, entries: [...entries, ...added] };
}

function withoutNames(tree: MapTree, change: NamedChange): MapTree {
  return { ...tree, entries: tree.entries.filter((entry) => !change.remove.has(entry.key)) };
}

/** All that the files together say, as one new mapping. */
function mapOfAll(node: Node | undefined, draft: ServiceDraft): MapTree {
  return {
    kind: "map",
    entries: entriesOf(asMapping(node)).map(({ name, key, value }) => {
      const isItem = key.start === value.place.start && value.kind === "scalar";
      const copied = isItem
        ? leaf(value.value === null ? "" : spellText(escapeDollars(value.authored), tokenStyle(draft)))
        : asNew(copyOf(value));
      return { key: name, value: copied };
    }),
  };
}
