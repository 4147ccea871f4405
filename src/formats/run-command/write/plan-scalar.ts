import { isEqual } from "../../../base/equal.ts";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { ContainerScalars } from "../../../model/container.ts";
import { offByDefault } from "../../../model/facts/table.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Dialect } from "../dialect.ts";
import { changed, isRemovable, removed, throughVariable, withFlags } from "./changes.ts";
import { factsOfSlot, type Reader } from "./facts.ts";
import { type FlagText, flagsOfScalar } from "./flag-texts.ts";
import type { Line, Slot } from "./line.ts";

type SetPatch = Extract<ContainerPatch, { readonly op: "set" }>;
type UnsetPatch = Extract<ContainerPatch, { readonly op: "unset" }>;
type Planned = Result<Line>;

export function planSet(line: Line, patch: SetPatch, reader: Reader): Planned {
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

export function planUnset(line: Line, patch: UnsetPatch, reader: Reader): Planned {
  if (patch.field === "image") return failed("docker run needs an image");
  const holders = holdersOf(line, patch.field, reader);
  const stuck = holders.find((slot) => !isRemovable(slot));
  if (stuck) return failed(throughVariable(stuck, reader));
  return ok(holders.reduce(removed, line));
}

function holdersOf(line: Line, field: string, reader: Reader): readonly Slot[] {
  return line.slots.filter((slot) => !slot.removed && factsOfSlot(slot, reader).scalars.has(field));
}
