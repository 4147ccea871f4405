/** A range of UTF-16 offsets in the file, end exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A run of text with where it comes from in the file. */
export interface Piece {
  readonly text: string;
  /** Where it stands in the command. */
  readonly at: Range;
  /** Where its value was written, where it came through a variable. */
  readonly written: Range | undefined;
  /** Each character of `text` is one character of the file, in order. */
  readonly exact: boolean;
}

/**
 * A text that was taken out of a file, unescaped, dedented or expanded, and still knows where each part of it
 * stands.
 */
export interface Passage {
  readonly text: string;
  readonly pieces: readonly Piece[];
  /** The offset in `text` at which each piece starts. */
  readonly starts: readonly number[];
}

export function passage(pieces: readonly Piece[]): Passage {
  const starts: number[] = [];
  let length = 0;
  for (const piece of pieces) {
    starts.push(length);
    length += piece.text.length;
  }
  return { text: pieces.map((piece) => piece.text).join(""), pieces, starts };
}

/** A stretch of the file as it is written. */
export function written(text: string, start = 0): Piece {
  return { text, at: { start, end: start + text.length }, written: undefined, exact: true };
}

/** The pieces that make up `[start, end)` of the text, cut to it. */
export function slice(source: Passage, start: number, end: number): readonly Piece[] {
  const found: Piece[] = [];
  for (let index = indexAt(source, start); index < source.pieces.length; index += 1) {
    const piece = source.pieces[index];
    const offset = source.starts[index];
    if (!piece || offset === undefined || offset >= end) break;
    const cut = cutPiece(piece, Math.max(0, start - offset), Math.min(piece.text.length, end - offset));
    if (cut.text !== "") found.push(cut);
  }
  return found;
}

/** The last piece that starts at or before the offset. */
function indexAt(source: Passage, offset: number): number {
  let low = 0;
  let high = source.starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((source.starts[middle] ?? 0) <= offset) low = middle;
    else high = middle;
  }
  return low;
}

/** `[from, to)` of a piece's text; its range shrinks with it where the piece is exact. */
export function cutPiece(piece: Piece, from: number, to: number): Piece {
  if (from === 0 && to === piece.text.length) return piece;
  const text = piece.text.slice(from, to);
  if (!piece.exact) return { ...piece, text };
  const place = piece.written ?? piece.at;
  const narrowed = { start: place.start + from, end: place.start + Math.max(from, to) };
  return piece.written ? { ...piece, text, written: narrowed } : { ...piece, text, at: narrowed };
}

/** The range in the file that `[start, end)` of the text stands at. Empty pieces count where nothing else does. */
export function rangeAt(source: Passage, start: number, end: number): Range {
  const pieces = slice(source, start, end);
  const first = pieces[0];
  const last = pieces.at(-1);
  if (first && last) return { start: first.at.start, end: Math.max(first.at.start, last.at.end) };
  const near = source.pieces[indexAt(source, start)];
  const offset = near?.exact ? start - (source.starts[indexAt(source, start)] ?? 0) : 0;
  const point = (near?.at.start ?? 0) + (near?.written ? 0 : offset);
  return { start: point, end: point };
}

/** Puts items at the end of a list that may be too long to spread into arguments. */
export function append<T>(list: T[], items: readonly T[]): void {
  for (const item of items) list.push(item);
}

/** Joins neighbours that stand side by side in the file, so that a long text stays a few pieces. */
export function joinPieces(pieces: readonly Piece[]): readonly Piece[] {
  const joined: Piece[] = [];
  for (const piece of pieces) {
    const before = joined.at(-1);
    if (before && adjoins(before, piece)) {
      joined[joined.length - 1] = {
        ...before,
        text: before.text + piece.text,
        at: { start: before.at.start, end: piece.at.end },
      };
    } else joined.push(piece);
  }
  return joined;
}

function adjoins(before: Piece, piece: Piece): boolean {
  return before.exact && piece.exact && !before.written && !piece.written && before.at.end === piece.at.start;
}
