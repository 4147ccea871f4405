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

/** The view with the patches made, in order. A patched fact has no origin: nobody has written it yet. */
export function applyPatches<V extends Container | Engine | Image>(view: V, patches: readonly Patch[]): V {
  const changed: V = { ...view };
  for (const patch of patches) {
    Reflect.set(changed, patch.field, patched(Reflect.get(changed, patch.field), patch));
  }
  return changed;
}

function patched(before: unknown, patch: Patch): unknown {
  if (patch.op === "set") return set(patch.value);
  if (patch.op === "unset") return unset;
  const list = (Array.isArray(before) ? before : []) as FactList<unknown>;
  const holds = (value: unknown) => JSON.stringify(value) === JSON.stringify(patch.value);
  if (patch.op === "add") {
    const present = list.some((item) => item.state === "set" && holds(item.value));
    return present ? list : [...list, set(patch.value)];
  }
  if (patch.op === "remove") {
    return list.filter((item) => item.state !== "set" || !holds(item.value));
  }
  return list.map((item) => (item.state === "set" && holds(item.value) ? set(patch.with) : item));
}
