import { ok, type Result } from "../../../../base/result.ts";
import type {
  EndpointOption,
  EnvironmentVariable,
  NameValue,
  Ulimit,
} from "../../../../model/container-values.ts";
import { asMapping } from "../../read/key-values.ts";
import { at } from "../../yaml/node.ts";
import { plainLeaf, type ServiceDraft, valueLeaf } from "../yaml/draft.ts";
import { escapeDollars } from "../yaml/token.ts";
import { child, leaf, type MapTree, map, type Tree, withChild } from "../yaml/tree.ts";
import { type NameField, namePaths } from "./keys.ts";
import { changeNamed, type NamedValue } from "./named.ts";
import type { Refuse, Slot } from "./slots.ts";

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
