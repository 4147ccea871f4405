import type { Container, ContainerLists, ContainerScalars } from "./container.ts";
import type { Engine, EngineLists, EngineScalars } from "./engine.ts";
import { type FactList, set, unset } from "./fact.ts";
import type { Image, ImageLists, ImageScalars } from "./image.ts";

/**
 * A change in the model's terms. `set` and `unset` speak of one-valued facts; `add`, `remove` and `replace`
 * of an item of a list, matched by equal value.
 */
export type PatchOf<S, L> =
  | { readonly [K in keyof S]: { readonly op: "set"; readonly field: K; readonly value: S[K] } }[keyof S]
  | { readonly op: "unset"; readonly field: keyof S }
  | {
      readonly [K in keyof L]:
        | { readonly op: "add"; readonly field: K; readonly value: L[K] }
        | { readonly op: "remove"; readonly field: K; readonly value: L[K] }
        | { readonly op: "replace"; readonly field: K; readonly value: L[K]; readonly with: L[K] };
    }[keyof L];

export type ContainerPatch = PatchOf<ContainerScalars, ContainerLists>;
export type EnginePatch = PatchOf<EngineScalars, EngineLists>;
export type ImagePatch = PatchOf<ImageScalars, ImageLists>;
export type Patch = ContainerPatch | EnginePatch | ImagePatch;

/**
 * The view with the patches made, in order. A patched fact has no origin: nobody has written it yet. Linear in the patches
 * and the items that they are for.
 */
export function applyPatches<V extends Container | Engine | Image>(view: V, patches: readonly Patch[]): V {
  const changed: V = { ...view };
  for (const [field, own] of byField(patches)) {
    Reflect.set(changed, field, patched(Reflect.get(view, field), own));
  }
  return changed;
}

/** What a field holds after patches of it alone. */
export function patched(before: unknown, patches: readonly Patch[]): unknown {
  return isForList(patches) ? patchedList(before, patches) : patchedFact(before, patches);
}

type ItemPatch = Exclude<Patch, { readonly op: "set" | "unset" }>;

/** The patches of each field, in their order; the fields in the order in which they are first spoken of. */
export function byField<P extends Patch>(patches: readonly P[]): ReadonlyMap<P["field"], readonly P[]> {
  const fields = new Map<P["field"], P[]>();
  for (const patch of patches) {
    const own = fields.get(patch.field);
    if (own) own.push(patch);
    else fields.set(patch.field, [patch]);
  }
  return fields;
}

function isForList(patches: readonly Patch[]): patches is readonly ItemPatch[] {
  return patches.every(({ op }) => op !== "set" && op !== "unset");
}

/** The last word counts. */
function patchedFact(before: unknown, patches: readonly Patch[]): unknown {
  return patches.reduce((fact: unknown, patch) => {
    if (patch.op === "set") return set(patch.value);
    return patch.op === "unset" ? unset : fact;
  }, before);
}

function patchedList(before: unknown, patches: readonly ItemPatch[]): FactList<unknown> {
  const items: (FactList<unknown>[number] | undefined)[] = Array.isArray(before) ? [...before] : [];
  const places = new Map<string, number[]>();
  const note = (key: string, place: number) => {
    const known = places.get(key);
    if (known) known.push(place);
    else places.set(key, [place]);
  };
  for (const [place, item] of items.entries())
    if (item?.state === "set") note(JSON.stringify(item.value), place);
  for (const patch of patches) {
    const key = JSON.stringify(patch.value);
    const found = places.get(key) ?? [];
    if (patch.op === "add") {
      if (found.length === 0) note(key, items.push(set(patch.value)) - 1);
      continue;
    }
    places.delete(key);
    for (const place of found) {
      items[place] = patch.op === "replace" ? set(patch.with) : undefined;
      if (patch.op === "replace") note(JSON.stringify(patch.with), place);
    }
  }
  return items.filter((item) => item !== undefined);
}
