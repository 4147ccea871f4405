import { failed, ok, type Result } from "../../../base/result.ts";
import type { Edit } from "../../../model/writing.ts";
import type { Piece, Range } from "../passage.ts";
import { hole, type Word } from "../word.ts";
import type { Line, Slot, Unit } from "./line.ts";
import {
  continuation,
  edit,
  flagText,
  type Gap,
  gapBefore,
  gapBetween,
  type Manner,
  optionsInsertion,
  settingRemovals,
  spelled,
  usesEquals,
} from "./settings.ts";

/** The edits that make the line's text what the slots say. */
export function editsOf(line: Line, manner: Manner): Result<readonly Edit[]> {
  const added = line.slots.filter((slot) => !slot.place && !slot.removed);
  const edits: Edit[] = [];
  const gone = goneUnits(line);
  for (const slot of line.slots) {
    const { place } = slot;
    if (!place || gone[place.unit]) continue;
    const unit = line.units[place.unit];
    const changed = unit && changesOf(slot, unit, manner);
    if (!changed) return failed("its text stands nowhere as it is, but is put together");
    edits.push(...changed);
  }
  if (line.image !== undefined) {
    const image = imageEdit(line, line.image, manner);
    if (!image) return failed("the command itself does not name the image");
    edits.push(image);
  }
  // At one place, a value's end comes before new flags, and these before what goes.
  if (added.length > 0) {
    const inserted = line.isSettings
      ? optionsInsertion(line, gone, added, manner)
      : insertion(line, gone, added, manner);
    if (!inserted) {
      return failed(
        line.isSettings
          ? "the container has no options: key, and no separate line where one could go"
          : "there is no place in the command where a flag could be added",
      );
    }
    edits.push(inserted);
  }
  const removed = line.isSettings ? settingRemovals(line, gone, manner) : removals(line, gone, manner);
  if (!removed) return failed("the entry cannot be taken out by itself");
  return ok([...edits, ...removed]);
}

/** For each unit, whether nothing of it stays. */
function goneUnits({ units, slots }: Line): readonly boolean[] {
  const named = new Set<number>();
  const kept = new Set<number>();
  for (const { place, removed } of slots) {
    if (!place) continue;
    named.add(place.unit);
    if (!removed) kept.add(place.unit);
  }
  return units.map((_, index) => named.has(index) && !kept.has(index));
}

/** The changes of a flag of which something stays. */
function changesOf(slot: Slot, unit: Unit, manner: Manner): readonly Edit[] | undefined {
  const { place } = slot;
  if (!place) return [];
  if (slot.removed) return withoutLetter(slot, unit, manner);
  const { value } = place;
  if (value === undefined || slot.text === value.text) return [];
  if (slot.text === undefined) {
    // `--read-only=false` to `--read-only`.
    const { word } = unit;
    const at = rangeOf(word, word.text.length - value.text.length - 1, word.text.length);
    return at && [edit(manner, at.start, at.end, "")];
  }
  const within = changeWithin(value, slot.text);
  if (within)
    return [edit(manner, within.at.start, within.at.end, manner.encode(within.text, within.at.start))];
  return slot.text.includes(hole)
    ? undefined
    : [edit(manner, value.at.start, value.at.end, spelled(slot.text, value.at.start, manner))];
}

/** One letter out of several (`-itP`), with its value. */
function withoutLetter(slot: Slot, { word, value }: Unit, manner: Manner): readonly Edit[] | undefined {
  const { place } = slot;
  if (!place) return [];
  const letter = place.spelled.at;
  if (place.value === undefined) return [edit(manner, letter.start, letter.end, "")];
  const end = place.value === value ? value.at.end : word.at.end;
  return [edit(manner, letter.start, end, "")];
}

/** What to write for new flags, in front of the image and behind all others. */
function insertion(
  line: Line,
  gone: readonly boolean[],
  added: readonly Slot[],
  manner: Manner,
): Edit | undefined {
  const frontier = frontierOf(line);
  const units = line.units.slice(0, frontier);
  const keptAt = units.findLastIndex((_, index) => !gone[index]);
  const kept = units[keptAt];
  const front = line.units[frontier]?.at ?? line.next?.at;
  const glued = usesEquals(line);
  const flags = (offset: number) => added.map((slot) => flagText(slot, glued, offset, manner));
  if (kept) {
    const own = gapInFront(line, keptAt, manner.text);
    const gap = own?.lineEnds ? own : gapInFront(line, units.length - 1, manner.text);
    const between = manner.ownLines && gap?.lineEnds ? continuation(gap) : " ";
    const at = kept.at.end;
    return edit(
      manner,
      at,
      at,
      flags(at)
        .map((flag) => between + flag)
        .join(""),
    );
  }
  if (!front) return undefined;
  const gap = gapBefore(manner.text, front.start);
  const between = manner.ownLines && gap.lineEnds ? continuation(gap) : " ";
  return edit(
    manner,
    front.start,
    front.start,
    flags(front.start)
      .map((flag) => flag + between)
      .join(""),
  );
}

/** How many units a new flag may stand behind: not behind one that may hold, or does hold, the image. */
function frontierOf(line: Line): number {
  const { units, next } = line;
  if (!next) {
    const open = units.findLastIndex((unit) => unit.open);
    return open < 0 ? units.length : open;
  }
  const shared = units.findIndex((unit) => unit.at.end > next.at.start);
  return shared < 0 ? units.length : shared;
}

function gapInFront(line: Line, index: number, text: string): Gap | undefined {
  const unit = line.units[index];
  const before = line.units[index - 1];
  if (!unit) return undefined;
  return before
    ? gapBetween(text, { start: before.at.end, end: unit.at.start })
    : gapBefore(text, unit.at.start);
}

/** Units that go, each run of them at once, with the blank or the line that set them apart. */
function removals(line: Line, gone: readonly boolean[], manner: Manner): readonly Edit[] {
  const edits: Edit[] = [];
  for (let from = 0; from < gone.length; from += 1) {
    if (!gone[from]) continue;
    let to = from;
    while (gone[to + 1]) to += 1;
    edits.push(removal(line, from, to, manner));
    from = to;
  }
  return edits;
}

function removal(line: Line, from: number, to: number, manner: Manner): Edit {
  const start = line.units[from]?.at.start ?? 0;
  const end = line.units[to]?.at.end ?? start;
  const next = line.units[to + 1]?.at ?? line.next?.at;
  const before = gapInFront(line, from, manner.text);
  const after = next && gapBetween(manner.text, { start: end, end: next.start });
  const startsLine = before?.lineEnds === true && (from === 0 || !after?.lineEnds);
  if (next && after && (startsLine || !before)) return edit(manner, start, next.start, "");
  const blank = before && from > 0 ? before.text : gapBefore(manner.text, start);
  const width = typeof blank === "string" ? blank.length : blank.lineEnds ? 0 : blank.text.length;
  return edit(manner, start - width, end, "");
}

function imageEdit(line: Line, image: string, manner: Manner): Edit | undefined {
  const [word] = line.rest;
  if (!word || word.text === image) return word && edit(manner, word.at.start, word.at.start, "");
  const within = changeWithin(word, image);
  if (within)
    return edit(manner, within.at.start, within.at.end, manner.encode(within.text, within.at.start));
  if (word.pieces.some((piece) => piece.written)) return undefined;
  return edit(manner, word.at.start, word.at.end, spelled(image, word.at.start, manner));
}

/** A change of a stretch of the file, before it is known how its text is spelled there. */
interface Change {
  readonly at: Range;
  /** Plain text: it means itself quoted or not. */
  readonly text: string;
}

/**
 * What must change in the file for a word to have another text: only the part that differs, where that stands in the
 * command as it is. Undefined where the word must be written anew.
 */
function changeWithin(word: Word, text: string): Change | undefined {
  const { start, end } = differing(word.text, text);
  const put = text.slice(start, text.length - (word.text.length - end));
  if (!/^[\w@+=:,./-]*$/.test(put)) return undefined;
  const at = rangeOf(word, start, end);
  return at && { at, text: put };
}

/** The stretch of `before` outside what both texts have in common at their ends. */
function differing(before: string, after: string): Range {
  const most = Math.min(before.length, after.length);
  let start = 0;
  while (start < most && before[start] === after[start]) start += 1;
  let same = 0;
  while (same < most - start && before.at(-1 - same) === after.at(-1 - same)) same += 1;
  return { start, end: before.length - same };
}

/** Where `[start, end)` of a word's text stands in the command; undefined where it is not written there in one go. */
function rangeOf(word: Word, start: number, end: number): Range | undefined {
  if (start === end) {
    const point = pointAt(word, start);
    return point === undefined ? undefined : { start: point, end: point };
  }
  let offset = 0;
  let found: Range | undefined;
  for (const piece of word.pieces) {
    const [from, to] = [Math.max(start - offset, 0), Math.min(end - offset, piece.text.length)];
    offset += piece.text.length;
    if (from >= to) continue;
    const at = partOf(piece, from, to);
    if (!at || (found && found.end !== at.start)) return undefined;
    found = { start: found?.start ?? at.start, end: at.end };
  }
  return found;
}

function partOf(piece: Piece, from: number, to: number): Range | undefined {
  if (from === 0 && to === piece.text.length && !piece.written) return piece.at;
  if (!standsHere(piece)) return undefined;
  return { start: piece.at.start + from, end: piece.at.start + to };
}

function standsHere(piece: Piece): boolean {
  return piece.exact && piece.written === undefined;
}

/** The offset between two characters of a word: behind the first, if need be in front of the second. */
function pointAt(word: Word, index: number): number | undefined {
  let offset = 0;
  let before: Piece | undefined;
  let after: Piece | undefined;
  for (const piece of word.pieces) {
    const end = offset + piece.text.length;
    if (offset < index && index < end) return standsHere(piece) ? piece.at.start + index - offset : undefined;
    if (end === index) before = piece;
    if (offset === index) after ??= piece;
    offset = end;
  }
  if (before && after && before.at.start === after.at.start && before.written && after.written)
    return undefined;
  if (before && standsHere(before)) return before.at.end;
  if (after && standsHere(after)) return after.at.start;
  return before?.at.end ?? after?.at.start;
}
