import type { Piece, Range } from "../passage.ts";
import type { Word } from "../word.ts";

/** A change of a stretch of the file, before it is known how its text is spelled there. */
export interface Change {
  readonly at: Range;
  /** Plain text: it means itself quoted or not. */
  readonly text: string;
}

/**
 * What must change in the file for a word to have another text: only the part that differs, where that stands in the
 * command as it is. Undefined where the word must be written anew.
 */
export function changeWithin(word: Word, text: string): Change | undefined {
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
export function rangeOf(word: Word, start: number, end: number): Range | undefined {
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
