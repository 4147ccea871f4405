import { failed, ok, type Result } from "../../../base/result.ts";
import type { ContainerLists } from "../../../model/container.ts";
import type { Mount } from "../../../model/mount.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import { runName } from "../read/flags.ts";
import { hole } from "../word.ts";
import { changed, isRemovable, removed, throughVariable, withFlags } from "./changes.ts";
import { factsOfSlot, type Reader } from "./facts.ts";
import { type FlagText, flagOfItem } from "./flag-texts.ts";
import type { Line, Slot } from "./line.ts";
import { respellMount, respellPort, respellTmpfs, respellVolume, withoutDriverOption } from "./respell.ts";
import { isSameItem } from "./same.ts";

type ItemPatch = Exclude<ContainerPatch, { readonly op: "set" | "unset" }>;
type Planned = Result<Line>;

export function planAdd(line: Line, patch: ItemPatch, reader: Reader): Planned {
  if (matching(line, patch.field, patch.value, reader).length > 0) return ok(line);
  return putItem(line, patch.field, patch.value, reader);
}

export function planRemove(line: Line, patch: ItemPatch, reader: Reader): Planned {
  const found = matching(line, patch.field, patch.value, reader);
  // One that is overridden by it would come back.
  const hidden = found.length > 0 ? sameName(line, patch.field, patch.value, reader) : [];
  const all = [...new Set([...found, ...hidden])];
  const stuck = all.find((slot) => !isRemovable(slot) || isFromFile(slot));
  if (stuck) return failed(isFromFile(stuck) ? fromFile(stuck) : throughVariable(stuck, reader));
  return ok(
    all.reduce((rest, slot) => {
      const text = withoutItem(slot, patch);
      return text === undefined ? removed(rest, slot) : changed(rest, slot, text);
    }, line),
  );
}

/** What is left of a value that says more than the item; undefined where the whole flag is the item's. */
function withoutItem({ flag, text }: Slot, { field, value }: ItemPatch): string | undefined {
  if (field !== "endpointOptions" || runName(flag) !== "network" || text === undefined) return undefined;
  return withoutDriverOption(text, value.option);
}

export function planReplace(line: Line, patch: ItemPatch, reader: Reader): Planned {
  if (patch.op !== "replace") return ok(line);
  const found = matching(line, patch.field, patch.value, reader);
  if (found.length === 0) {
    const isDone = matching(line, patch.field, patch.with, reader).length > 0;
    return isDone ? ok(line) : failed("the command does not contain what is to be replaced");
  }
  let current = line;
  for (const slot of found) {
    const planned = replaceIn(current, slot, patch, reader);
    if (!planned.ok) return planned;
    current = planned.value;
  }
  return ok(current);
}

function replaceIn(
  line: Line,
  slot: Slot,
  patch: Extract<ItemPatch, { readonly op: "replace" }>,
  reader: Reader,
): Planned {
  const isHere = !slot.place || slot.place.valueHere;
  if (!isHere || isFromFile(slot)) {
    if (nameOf(patch.with) !== undefined && nameOf(patch.with) === nameOf(patch.value)) {
      const spelled = spelledItem(line, patch.field, patch.with);
      return spelled.ok ? ok(withFlags(line, [spelled.value])) : spelled;
    }
    return failed(isFromFile(slot) ? fromFile(slot) : throughVariable(slot, reader));
  }
  const text = respelled(slot, patch);
  if (text !== undefined) return ok(changed(line, slot, text));
  const spelled = spelledItem(line, patch.field, patch.with);
  if (!spelled.ok) return spelled;
  const flag = spelled.value;
  if (flag.name === slot.flag.name && flag.value !== undefined) return ok(changed(line, slot, flag.value));
  if (!isRemovable(slot)) return failed(throughVariable(slot, reader));
  return putItem(removed(line, slot), patch.field, patch.with, reader);
}

/** The value's new text in the style of the old one, where there is a style to keep. */
function respelled(slot: Slot, patch: Extract<ItemPatch, { readonly op: "replace" }>): string | undefined {
  const { text } = slot;
  if (text === undefined) return undefined;
  if (patch.field === "mounts") {
    const before: Mount = patch.value;
    if (runName(slot.flag) === "volume") return respellVolume(text, before, patch.with);
    if (runName(slot.flag) === "mount") return respellMount(text, before, patch.with);
    return runName(slot.flag) === "tmpfs" ? respellTmpfs(text, before, patch.with) : undefined;
  }
  if (patch.field === "ports") return respellPort(text, patch.value, patch.with);
  if (patch.field === "volumesFrom")
    return text.startsWith(patch.value) ? patch.with + text.slice(patch.value.length) : undefined;
  return undefined;
}

/** Adds an item, or changes the flag here that has its name: docker takes the last of one name. */
function putItem(line: Line, field: keyof ContainerLists, value: unknown, reader: Reader): Planned {
  const spelled = spelledItem(line, field, value as never);
  if (!spelled.ok) return spelled;
  const flag = spelled.value;
  const named = sameName(line, field, value, reader).at(-1);
  if (named && flag.value !== undefined && named.place?.valueHere && !isFromFile(named)) {
    return ok(changed(line, named, flag.value));
  }
  return ok(withFlags(line, [flag]));
}

function spelledItem<K extends keyof ContainerLists>(
  { dialect }: Line,
  field: K,
  value: ContainerLists[K],
): Result<FlagText> {
  return dialect.spell(flagOfItem(field, value));
}

function matching(line: Line, field: keyof ContainerLists, value: unknown, reader: Reader): readonly Slot[] {
  return line.slots.filter(
    (slot) =>
      !slot.removed &&
      factsOfSlot(slot, reader).items.some(
        (item) => item.field === field && isSameItem(field, item.value, value),
      ),
  );
}

function sameName(line: Line, field: keyof ContainerLists, value: unknown, reader: Reader): readonly Slot[] {
  const name = nameOf(value);
  if (name === undefined) return [];
  return line.slots.filter(
    (slot) =>
      !slot.removed &&
      factsOfSlot(slot, reader).items.some((item) => item.field === field && nameOf(item.value) === name),
  );
}

function nameOf(value: unknown): unknown {
  return typeof value === "object" && value !== null && "name" in value ? value.name : undefined;
}

function isFromFile(slot: Slot): boolean {
  return slot.flag.name === "env-file" || slot.flag.name === "label-file";
}

function fromFile(slot: Slot): string {
  return `it is in the file ${(slot.text ?? "").replaceAll(hole, "…")}`;
}
