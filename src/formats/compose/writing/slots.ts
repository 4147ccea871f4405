import type { ContainerLists } from "../../../model/container.ts";
import type { FactList, SetFact } from "../../../model/fact.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import { isSame } from "./same.ts";

export type ListField = keyof ContainerLists;

/** One item of a list, as it is and as it is to be. */
export interface Slot<T> {
  /** Undefined for a new one. */
  readonly before: SetFact<T> | undefined;
  /** Undefined for one that goes. */
  readonly after: T | undefined;
  readonly patches: readonly ContainerPatch[];
}

/** What patches of one list do to its items: only what is other in the end than it was. */
export function slotsOf<T>(list: FactList<T>, patches: readonly ListPatch<T>[]): readonly Slot<T>[] {
  let slots: Slot<T>[] = list.flatMap((item) =>
    item.state === "set" ? [{ before: item, after: item.value, patches: [] }] : [],
  );
  for (const patch of patches) {
    const holds = (slot: Slot<T>) => slot.after !== undefined && isSame(slot.after, patch.value);
    if (patch.op === "add") {
      if (!slots.some(holds)) slots.push({ before: undefined, after: patch.value, patches: [patch.whole] });
      continue;
    }
    const after = patch.op === "replace" ? patch.with : undefined;
    slots = slots.map((slot) =>
      holds(slot) ? { ...slot, after, patches: [...slot.patches, patch.whole] } : slot,
    );
  }
  return slots.filter(({ before, after }) => !isSame(before?.value, after));
}

/** A patch of a list, its values typed. */
export type ListPatch<T> = { readonly whole: ContainerPatch } & (
  | { readonly op: "add" | "remove"; readonly value: T }
  | { readonly op: "replace"; readonly value: T; readonly with: T }
);

/** Told of a slot that cannot be written, and why. */
export type Refuse<T> = (slot: Slot<T>, reason: string) => void;
