import { isEqual } from "../../../../base/equal.ts";
import type { ContainerLists } from "../../../../model/container.ts";
import type { FactList, SetFact } from "../../../../model/fact.ts";
import type { ContainerPatch } from "../../../../model/patch.ts";

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
