import type { ContainerLists, ContainerScalars } from "../../../model/container.ts";
import type { Mount } from "../../../model/mount.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import { failed, ok, type Result } from "../../../model/result.ts";
import { runFlags } from "../container.ts";
import { hole } from "../word.ts";
import { factsOfSlot, type Reader } from "./facts.ts";
import { type FlagText, flagOfItem, flagsOfScalar } from "./flag-texts.ts";
import type { Line, Slot } from "./line.ts";
import { respellMount, respellPort, respellTmpfs, respellVolume } from "./respell.ts";
import { isSameItem } from "./same.ts";

type SetPatch = Extract<ContainerPatch, { readonly op: "set" }>;
type UnsetPatch = Extract<ContainerPatch, { readonly op: "unset" }>;
type ItemPatch = Exclude<ContainerPatch, { readonly op: "set" | "unset" }>;
type Planned = Result<Line>;

/** The line with the patch made, or why it cannot be. */
export function planPatch(line: Line, patch: ContainerPatch, reader: Reader): Planned {
  if (patch.op === "set") return planSet(line, patch, reader);
  if (patch.op === "unset") return planUnset(line, patch, reader);
  if (patch.op === "add") return planAdd(line, patch, reader);
  return patch.op === "remove" ? planRemove(line, patch, reader) : planReplace(line, patch, reader);
}

const booleans = new Set<keyof ContainerScalars>([
  "privileged",
  "readonlyRootfs",
  "publishAllPorts",
  "oomKillDisable",
]);

function planSet(line: Line, patch: SetPatch, reader: Reader): Planned {
  if (patch.field === "image") return planImage(line, patch.value);
  const spelled = spelledScalar(patch);
  if (!spelled.ok) return spelled;
  const holders = holdersOf(line, patch.field, reader);
  // Of several networks the first is the mode; of all other flags docker takes the last.
  const deciding = patch.field === "networkMode" ? holders[0] : holders.at(-1);
  if (deciding && says(deciding, patch, reader)) return ok(line);
  if (booleans.has(patch.field)) return ok(planBoolean(line, holders, patch.value === true, spelled.value));
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

function spelledScalar<K extends keyof ContainerScalars>(patch: {
  readonly field: K;
  readonly value: ContainerScalars[K];
}): Result<readonly FlagText[]> {
  return flagsOfScalar(patch.field, patch.value);
}

function says(slot: Slot, patch: SetPatch, reader: Reader): boolean {
  const fact = factsOfSlot(slot, reader).scalars.get(patch.field);
  return fact?.state === "set" && JSON.stringify(fact.value) === JSON.stringify(patch.value);
}

/** `no-new-privileges:false` is written with a colon; so is what takes its place. */
function restyled(before: string, after: string): string {
  const [, name, separator] = /^([\w-]+)([:=])/.exec(before) ?? [];
  if (after === name && separator) return `${name}${separator}true`;
  const rest = name !== undefined && after.startsWith(`${name}=`) ? after.slice(name.length + 1) : undefined;
  return rest !== undefined && separator === ":" && !rest.includes("=") ? `${name}:${rest}` : after;
}

function planImage(line: Line, image: string): Planned {
  const [word] = line.rest;
  if (!word) return failed("no image stands in the command");
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
  return ok(all.reduce(removed, line));
}

function planReplace(line: Line, patch: ItemPatch, reader: Reader): Planned {
  if (patch.op !== "replace") return ok(line);
  const found = matching(line, patch.field, patch.value, reader);
  if (found.length === 0) {
    const isDone = matching(line, patch.field, patch.with, reader).length > 0;
    return isDone ? ok(line) : failed("what is to be replaced does not stand in the command");
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
      return ok(withFlags(line, [spelledItem(patch.field, patch.with)]));
    }
    return failed(isFromFile(slot) ? fromFile(slot) : throughVariable(slot, reader));
  }
  const text = respelled(slot, patch);
  if (text !== undefined) return ok(changed(line, slot, text));
  const flag = spelledItem(patch.field, patch.with);
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
    if (slot.flag.name === "volume") return respellVolume(text, before, patch.with);
    if (slot.flag.name === "mount") return respellMount(text, before, patch.with);
    return slot.flag.name === "tmpfs" ? respellTmpfs(text, before, patch.with) : undefined;
  }
  if (patch.field === "ports") return respellPort(text, patch.value, patch.with);
  if (patch.field === "volumesFrom")
    return text.startsWith(patch.value) ? patch.with + text.slice(patch.value.length) : undefined;
  return undefined;
}

/** Adds an item, or changes the flag here that has its name: docker takes the last of one name. */
function putItem(line: Line, field: keyof ContainerLists, value: unknown, reader: Reader): Planned {
  const flag = spelledItem(field, value as never);
  const named = sameName(line, field, value, reader).at(-1);
  if (named && flag.value !== undefined && named.place?.valueHere && !isFromFile(named)) {
    return ok(changed(line, named, flag.value));
  }
  return ok(withFlags(line, [flag]));
}

function spelledItem<K extends keyof ContainerLists>(field: K, value: ContainerLists[K]): FlagText {
  return flagOfItem(field, value);
}

function holdersOf(line: Line, field: string, reader: Reader): readonly Slot[] {
  return line.slots.filter((slot) => !slot.removed && factsOfSlot(slot, reader).scalars.has(field));
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

function isRemovable(slot: Slot): boolean {
  return !slot.place || slot.place.here;
}

function isFromFile(slot: Slot): boolean {
  return slot.flag.name === "env-file" || slot.flag.name === "label-file";
}

function fromFile(slot: Slot): string {
  return `it stands in the file ${(slot.text ?? "").replaceAll(hole, "…")}`;
}

/** Where somebody can change by hand what no flag in the command can override. */
function throughVariable({ flag, place }: Slot, { around }: Reader): string {
  const written = [...(place?.spelled.pieces ?? []), ...(place?.value?.pieces ?? [])].find(
    (piece) => piece.written,
  )?.written;
  const where = written ? `from line ${around.locate(written).startLine}` : "from elsewhere";
  return `--${flag.name} does not stand in the command itself but comes in ${where}`;
}

function withFlags(line: Line, flags: readonly FlagText[]): Line {
  const slots = flags.flatMap(({ name, value }): readonly Slot[] => {
    const flag = runFlags.byName.get(name);
    return flag ? [{ flag, text: value, removed: false, place: undefined }] : [];
  });
  return { ...line, slots: [...line.slots, ...slots] };
}

function changed(line: Line, slot: Slot, text: string | undefined): Line {
  return { ...line, slots: line.slots.map((each) => (each === slot ? { ...each, text } : each)) };
}

function removed(line: Line, slot: Slot): Line {
  return { ...line, slots: line.slots.map((each) => (each === slot ? { ...each, removed: true } : each)) };
}
