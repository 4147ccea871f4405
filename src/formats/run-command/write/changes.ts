import type { Reader } from "./facts.ts";
import type { FlagText } from "./flag-texts.ts";
import type { Line, Slot } from "./line.ts";

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
