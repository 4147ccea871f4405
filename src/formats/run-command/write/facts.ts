import type { ContainerLists } from "../../../model/container.ts";
import { type Fact, set, unset } from "../../../model/fact.ts";
import { applyBoolean, applyValue, securityFacts } from "../read/apply.ts";
import { type LineFacts, newLineFacts, type Surroundings } from "../read/line-facts.ts";
import { hole, type Word, wordOf } from "../word.ts";
import type { FlagText } from "./flag-texts.ts";
import type { Line, Slot } from "./line.ts";

/** What a line is read with, for the writer. */
export interface Reader {
  readonly around: Surroundings;
  readonly passed: (name: string) => Word | undefined;
}

/** What was read already: flags are asked again for every patch. */
const read = new WeakMap<Reader, WeakMap<Slot, SlotFacts>>();

/** What one flag says alone. */
interface SlotFacts {
  readonly items: readonly { readonly field: keyof ContainerLists; readonly value: unknown }[];
  /** Facts by field, of those that it sets or leaves open. */
  readonly scalars: ReadonlyMap<string, Fact<unknown>>;
}

export function factsOfSlot(slot: Slot, reader: Reader): SlotFacts {
  const known = read.get(reader) ?? new WeakMap<Slot, SlotFacts>();
  read.set(reader, known);
  const facts = known.get(slot) ?? readFacts(slot, reader);
  known.set(slot, facts);
  return facts;
}

function readFacts(slot: Slot, reader: Reader): SlotFacts {
  const lineFacts = newLineFacts(reader.around);
  readSlot(lineFacts, slot, reader);
  const items = Object.entries(lineFacts.lists).flatMap(([field, list]) =>
    list.flatMap((item) =>
      item.state === "set" ? [{ field: field as keyof ContainerLists, value: item.value }] : [],
    ),
  );
  const scalars = new Map<string, Fact<unknown>>(
    Object.entries({ ...lineFacts.scalars, ...securityFacts(lineFacts) }).filter(
      ([, fact]) => fact.state !== "unset" && fact.state !== "unseen",
    ),
  );
  const { field } = slot.flag;
  if (field && field in lineFacts.scalars && !scalars.has(field)) scalars.set(field, unset);
  if (slot.flag.name.startsWith("health-") && !scalars.has("healthcheck")) {
    scalars.set("healthcheck", set("command"));
  }
  return { items, scalars };
}

function readSlot(lineFacts: LineFacts, slot: Slot, { passed }: Reader): void {
  const spelled = slot.place?.spelled ?? nowhere("");
  const value = slot.text === undefined ? undefined : valueWord(slot, slot.text);
  if (slot.flag.takes === "boolean") applyBoolean(lineFacts, slot.flag, value, spelled);
  else if (value) applyValue(lineFacts, slot.flag, value, passed);
}

function valueWord(slot: Slot, text: string): Word {
  const { value } = slot.place ?? {};
  if (!value || value.text === text) return value ?? nowhere(text);
  const holes = text.split(hole).length - 1;
  return wordOf(
    [{ text, at: value.at, written: undefined, exact: false }],
    value.at,
    value.holes.slice(0, holes),
  );
}

function nowhere(text: string): Word {
  const at = { start: 0, end: 0 };
  return wordOf([{ text, at, written: undefined, exact: false }], at);
}

/** Whether the flag can be taken out where it stands. */
export function isRemovable(slot: Slot): boolean {
  return !slot.place || slot.place.here;
}

/** Where somebody can change by hand what no flag in the command can override. */
export function throughVariable({ flag, place }: Slot, { around }: Reader): string {
  const written = [...(place?.spelled.pieces ?? []), ...(place?.value?.pieces ?? [])].find(
    (piece) => piece.written,
  )?.written;
  const where = written ? `from line ${around.locate(written).startLine}` : "from elsewhere";
  return `--${flag.name} is not in the command itself; it comes ${where}`;
}

export function withFlags(line: Line, flags: readonly FlagText[]): Line {
  const slots = flags.flatMap(({ name, value }): readonly Slot[] => {
    const flag = line.dialect.table.byName.get(name);
    return flag ? [{ flag, text: value, removed: false, place: undefined }] : [];
  });
  return { ...line, slots: [...line.slots, ...slots] };
}

export function changed(line: Line, slot: Slot, text: string | undefined): Line {
  return { ...line, slots: line.slots.map((each) => (each === slot ? { ...each, text } : each)) };
}

export function removed(line: Line, slot: Slot): Line {
  return { ...line, slots: line.slots.map((each) => (each === slot ? { ...each, removed: true } : each)) };
}
