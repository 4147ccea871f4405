import { ok, type Result } from "../../../../base/result.ts";
import type {
  EndpointOption,
  EnvironmentVariable,
  NameValue,
  Ulimit,
} from "../../../../model/container-values.ts";
import { asMapping, nameOf } from "../../read/key-values.ts";
import { at, entriesOf, type Node } from "../../yaml/node.ts";
import { removeKey } from "../update.ts";
import { isMergedIn } from "../yaml/anchors.ts";
import { listItems, plainLeaf, type ServiceDraft, tokenStyle, update, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars, spellText } from "../yaml/token.ts";
import { child, copyOf, leaf, list, type MapTree, map, type Tree, withChild } from "../yaml/tree.ts";
import { type NameField, namePaths } from "./keys.ts";
import { asNew, type Refuse, type Slot } from "./slots.ts";

export function writeNames<T extends NameValue | EnvironmentVariable>(
  tree: MapTree,
  field: NameField,
  slots: readonly Slot<T>[],
  draft: ServiceDraft,
  refuse: Refuse<T>,
): Result<MapTree> {
  const path = namePaths[field];
  return writeNamed(tree, path, slots, draft, refuse, (variable) => namedValue(variable, field, draft));
}

function namedValue(
  { name, value }: NameValue | EnvironmentVariable,
  field: NameField,
  draft: ServiceDraft,
): NamedValue {
  // Values of an environment are read as written, with `${NAME}` for what others supply.
  const escaped = value === undefined ? undefined : escapeDollars(value);
  return {
    item: escaped === undefined ? name : `${escapeDollars(name)}=${escaped}`,
    value(current) {
      if (escaped === undefined) return leaf("");
      const isNumber = /^-?(?:0|[1-9]\d*)$/.test(escaped) && field === "sysctls";
      return isNumber ? plainLeaf(escaped, current, draft) : valueLeaf(escaped, current, draft);
    },
  };
}

export function writeUlimits(
  tree: MapTree,
  slots: readonly Slot<Ulimit>[],
  draft: ServiceDraft,
  refuse: Refuse<Ulimit>,
): Result<MapTree> {
  return writeNamed(tree, ["ulimits"], slots, draft, refuse, (ulimit) => ({
    item: ulimit.name,
    value: (current) => ulimitTree(ulimit, current, draft),
  }));
}

function ulimitTree({ soft, hard }: Ulimit, current: Tree | undefined, draft: ServiceDraft): Tree {
  if (current?.kind === "map" && child(current, "soft") && child(current, "hard")) {
    const withSoft = withChild(current, "soft", plainLeaf(String(soft), child(current, "soft"), draft));
    return withChild(withSoft, "hard", plainLeaf(String(hard), child(current, "hard"), draft));
  }
  if (soft === hard) return plainLeaf(String(soft), current, draft);
  return map({ soft: leaf(String(soft)), hard: leaf(String(hard)) });
}

/** Networks are names, in a list or as the keys of a mapping. */
export function writeNetworks(
  tree: MapTree,
  slots: readonly Slot<string>[],
  draft: ServiceDraft,
  refuse: Refuse<string>,
): Result<MapTree> {
  const whole = new Map(slots.map((slot) => [asNamed(slot), slot]));
  const given: Refuse<{ readonly name: string }> = (slot, reason) => {
    const original = whole.get(slot);
    if (original) refuse(original, reason);
  };
  const spell = ({ name }: { readonly name: string }) => ({ item: name, value: () => leaf("") });
  return writeNamed(tree, ["networks"], [...whole.keys()], draft, given, spell);
}

/** Options of the driver of one network after the other. */
export function writeEndpointOptions(
  tree: MapTree,
  slots: readonly Slot<EndpointOption>[],
  draft: ServiceDraft,
  refuse: Refuse<EndpointOption>,
): Result<MapTree> {
  const networks = new Set(
    slots.flatMap(({ before, after }) => before?.value.network ?? after?.network ?? []),
  );
  let result: Result<MapTree> = ok(tree);
  for (const network of networks) {
    const own = new Map(
      slots
        .filter(({ before, after }) => (before?.value.network ?? after?.network) === network)
        .map((slot) => [namedOption(slot), slot]),
    );
    const given: Refuse<NameValue> = (slot, reason) => {
      const original = own.get(slot);
      if (original) refuse(original, reason);
    };
    const spell = ({ name, value }: NameValue): NamedValue => ({
      item: `${escapeDollars(name)}=${escapeDollars(value)}`,
      value: (current) => valueLeaf(escapeDollars(value), current, draft),
    });
    const path = ["networks", network, "driver_opts"];
    if (result.ok) result = writeNamed(result.value, path, [...own.keys()], draft, given, spell);
  }
  return result;
}

function namedOption({ before, after, patches }: Slot<EndpointOption>): Slot<NameValue> {
  const named = ({ option, value }: EndpointOption): NameValue => ({ name: option, value });
  return {
    before: before && { ...before, value: named(before.value) },
    after: after && named(after),
    patches,
  };
}

function asNamed({ before, after, patches }: Slot<string>): Slot<{ readonly name: string }> {
  return {
    before: before && { ...before, value: { name: before.value } },
    after: after === undefined ? undefined : { name: after },
    patches,
  };
}

function writeNamed<T extends { readonly name: string }>(
  tree: MapTree,
  path: readonly string[],
  slots: readonly Slot<T>[],
  draft: ServiceDraft,
  refuse: Refuse<T>,
  spell: (value: T) => NamedValue,
): Result<MapTree> {
  const said = asMapping(at(draft.merged, ...path));
  const remove = new Set<string>();
  const put = new Map<string, NamedValue>();
  for (const slot of slots) {
    const { before, after } = slot;
    const isRenamed = before && before.value.name !== after?.name;
    if (isRenamed && !said?.entries.has(before.value.name)) {
      refuse(slot, `${before.value.name} comes from another file, such as an env_file`);
      continue;
    }
    if (!before && after && said?.entries.has(after.name)) {
      refuse(slot, `${after.name} is there already with another value`);
      continue;
    }
    if (isRenamed) remove.add(before.value.name);
    if (after) put.set(after.name, spell(after));
  }
  return changeNamed(tree, draft, path, { remove, put });
}

interface NamedValue {
  /** The value in a mapping, given the one that it takes the place of. */
  readonly value: (current: Tree | undefined) => Tree;
  /** The item in a list: `NAME=value`, or `NAME`. */
  readonly item: string;
}

interface NamedChange {
  readonly remove: ReadonlySet<string>;
  readonly put: ReadonlyMap<string, NamedValue>;
}

/** Changes names and values, written as a mapping or as a list of `NAME=value`, in the form that is there. */
function changeNamed(
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
