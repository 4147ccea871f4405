import { isEqual } from "../../../base/equal.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { ContainerLists, ContainerScalars } from "../../../model/container.ts";
import { offByDefault } from "../../../model/facts/table.ts";
import type { Mount } from "../../../model/mount.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Dialect } from "../dialect.ts";
import { runName } from "../read/flags.ts";
import { hole } from "../word.ts";
import {
  changed,
  factsOfSlot,
  isRemovable,
  type Reader,
  removed,
  throughVariable,
  withFlags,
} from "./facts.ts";
import { type FlagText, flagOfItem, flagsOfScalar } from "./flag-texts.ts";
import type { Line, Slot } from "./line.ts";
import { respellMount, respellPort, respellTmpfs, respellVolume, withoutDriverOption } from "./respell.ts";
import { isSameItem } from "./same.ts";

/** The line with the patch made, or why it cannot be. */
export function planPatch(line: Line, patch: ContainerPatch, reader: Reader): Result<Line> {
  if (patch.op === "set") return planSet(line, patch, reader);
  if (patch.op === "unset") return planUnset(line, patch, reader);
  if (patch.op === "add") return planAdd(line, patch, reader);
  return patch.op === "remove" ? planRemove(line, patch, reader) : planReplace(line, patch, reader);
}

type ItemPatch = Exclude<ContainerPatch, { readonly op: "set" | "unset" }>;
type Planned = Result<Line>;

function planAdd(line: Line, patch: ItemPatch, reader: Reader): Planned {
  if (matching(line, patch.field, patch.value, reader).length > 0) return ok(line);
  return putItem(line, patch.field, patch.value, reader);
}

function planRemove(line: Line, patch: ItemPatch, reader: Reader): Planned {
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

function planReplace(line: Line, patch: ItemPatch, reader: Reader): Planned {
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

type SetPatch = Extract<ContainerPatch, { readonly op: "set" }>;
type UnsetPatch = Extract<ContainerPatch, { readonly op: "unset" }>;

function planSet(line: Line, patch: SetPatch, reader: Reader): Planned {
  if (patch.field === "image") return planImage(line, patch.value);
  const spelled = spelledScalar(patch, line.dialect);
  if (!spelled.ok) return spelled;
  const holders = holdersOf(line, patch.field, reader);
  // Of several networks the first is the mode; of all other flags docker takes the last.
  const deciding = patch.field === "networkMode" ? holders[0] : holders.at(-1);
  if (deciding && says(deciding, patch, reader)) return ok(line);
  if ((offByDefault as readonly string[]).includes(patch.field))
    return ok(planBoolean(line, holders, patch.value === true, spelled.value));
  if (patch.field === "selinux") return planLabel(line, holders, spelled.value, reader);
  const [flag] = spelled.value;
  if (!flag) return ok(line);
  if (!deciding) return ok(withFlags(line, spelled.value));
  if (deciding.place && !deciding.place.valueHere) {
    return patch.field === "networkMode"
      ? failed(throughVariable(deciding, reader))
      : ok(withFlags(line, spelled.value));
  }
  if (deciding.flag.name !== flag.name) return failed(`--${deciding.flag.name} stands in its way`);
  return ok(changed(line, deciding, restyled(deciding.text ?? "", flag.value ?? "")));
}

function spelledScalar<K extends keyof ContainerScalars>(
  patch: {
    readonly field: K;
    readonly value: ContainerScalars[K];
  },
  { spell }: Dialect,
): Result<readonly FlagText[]> {
  const flags = flagsOfScalar(patch.field, patch.value);
  if (!flags.ok) return flags;
  const spelled = flags.value.map(spell);
  const refused = spelled.find((each) => !each.ok);
  return refused && !refused.ok ? refused : ok(spelled.flatMap((each) => (each.ok ? [each.value] : [])));
}

function says(slot: Slot, patch: SetPatch, reader: Reader): boolean {
  const fact = factsOfSlot(slot, reader).scalars.get(patch.field);
  return fact?.state === "set" && isEqual(fact.value, patch.value);
}

/** `no-new-privileges:false` is written with a colon; so is what takes its place. */
function restyled(before: string, after: string): string {
  const [, name, separator] = /^([\w-]+)([:=])/.exec(before) ?? [];
  if (after === name && separator) return `${name}${separator}true`;
  const rest = name !== undefined && after.startsWith(`${name}=`) ? after.slice(name.length + 1) : undefined;
  return rest !== undefined && separator === ":" && !rest.includes("=") ? `${name}:${rest}` : after;
}

function planImage(line: Line, image: string): Planned {
  if (line.dialect.operand !== "image")
    return failed(`the image of ${line.dialect.command} is changed by hand`);
  const [word] = line.rest;
  if (!word) return failed("the command names no image");
  return ok({ ...line, image });
}

/** On: the flag alone. Off: no flag at all, but where a variable may bring it in, which `=false` overrides. */
function planBoolean(line: Line, holders: readonly Slot[], on: boolean, flags: readonly FlagText[]): Line {
  const last = holders.at(-1);
  if (on) {
    const isHere =
      last && (!last.place || last.place.valueHere || (last.place.here && last.text === undefined));
    return isHere ? changed(line, last, undefined) : withFlags(line, flags);
  }
  const gone = holders.filter(isRemovable).reduce(removed, line);
  const mayStillBeOn = !holders.every(isRemovable) || line.units.some((unit) => unit.open);
  return mayStillBeOn ? withFlags(gone, flags) : gone;
}

function planLabel(
  line: Line,
  holders: readonly Slot[],
  flags: readonly FlagText[],
  reader: Reader,
): Planned {
  const stuck = holders.find((slot) => !isRemovable(slot));
  if (stuck) return failed(throughVariable(stuck, reader));
  return ok(withFlags(holders.reduce(removed, line), flags));
}

function planUnset(line: Line, patch: UnsetPatch, reader: Reader): Planned {
  if (patch.field === "image") return failed("docker run needs an image");
  const holders = holdersOf(line, patch.field, reader);
  const stuck = holders.find((slot) => !isRemovable(slot));
  if (stuck) return failed(throughVariable(stuck, reader));
  return ok(holders.reduce(removed, line));
}

function holdersOf(line: Line, field: string, reader: Reader): readonly Slot[] {
  return line.slots.filter((slot) => !slot.removed && factsOfSlot(slot, reader).scalars.has(field));
}
