import { cutPiece, type Piece, type Range } from "./passage.ts";

/**
 * What stands in a word's text for a part that could not be evaluated. No argument of a program can hold a NUL, so it
 * cannot be mistaken for what somebody wrote.
 */
export const hole = "\0";

export interface Hole {
  /** A clause: `the variable DATA is not known here`. */
  readonly reason: string;
  /** As written: `$DATA`, `$(id -u)`. */
  readonly source: string;
}

/** An argument as a program would get it, as far as it can be told. */
export interface Word {
  /** Holes stand as `hole`, one each. */
  readonly text: string;
  readonly pieces: readonly Piece[];
  /** The whole word where it stands, with its quotes. */
  readonly at: Range;
  readonly holes: readonly Hole[];
  /** Whether it may stand for any number of arguments, none included: an unquoted `$OPTS`. */
  readonly many: boolean;
}

export function wordOf(pieces: readonly Piece[], at: Range, holes: readonly Hole[] = [], many = false): Word {
  return { text: pieces.map((piece) => piece.text).join(""), pieces, at, holes, many };
}

/** A word of which nothing is known but where it stands. */
export function unknownWord(at: Range, unknown: Hole): Word {
  return wordOf([{ text: hole, at, written: undefined, exact: false }], at, [unknown], true);
}

/** The text where all of it is known. */
export function textOf(word: Word): string | undefined {
  return word.holes.length === 0 ? word.text : undefined;
}

/** The text with every part that is not known as it was written: `$HOME/x`. */
export function sourceOf(word: Word): string {
  let index = 0;
  return word.text.replaceAll(hole, () => word.holes[index++]?.source ?? "");
}

export function reasonOf(word: Word): string {
  return word.holes[0]?.reason ?? "its value is not known here";
}

/** The word without its first `count` characters: the value behind `--flag=`. */
export function wordFrom(word: Word, count: number): Word {
  if (count === 0) return word;
  const { pieces, before } = dropCharacters(word.pieces, count);
  const text = word.text.slice(count);
  const dropped = word.text.slice(0, count).split(hole).length - 1;
  return {
    text,
    pieces,
    at: rangeBehind(word, before, pieces),
    holes: word.holes.slice(dropped),
    many: word.many && text !== "",
  };
}

function dropCharacters(pieces: readonly Piece[], count: number) {
  const rest: Piece[] = [];
  let left = count;
  let before: Piece | undefined;
  for (const piece of pieces) {
    if (left >= piece.text.length && left > 0) {
      left -= piece.text.length;
      before = piece;
      continue;
    }
    if (left === 0) {
      rest.push(piece);
      continue;
    }
    before = cutPiece(piece, 0, left);
    rest.push(cutPiece(piece, left, piece.text.length));
    left = 0;
  }
  return { pieces: rest, before };
}

/**
 * Where the rest of a word stands: up to the word's end, so that it keeps its quotes; without the closing one where the
 * quote was opened in front of it (`"--volume=/a:/b"`).
 */
function rangeBehind(word: Word, before: Piece | undefined, rest: readonly Piece[]): Range {
  const first = rest[0];
  const last = rest.at(-1);
  if (!first || !last || !before) return { start: before?.at.end ?? word.at.end, end: word.at.end };
  const touches = first.at.start === before.at.end;
  const alone = rest.length === 1;
  return {
    start: touches ? first.at.start : before.at.end,
    end: touches && alone ? last.at.end : word.at.end,
  };
}

/**
 * Where the value is written: the variable's definition where all of it came from one, else its place in the command.
 */
export function placeOf(word: Word): Range {
  const first = word.pieces[0];
  const last = word.pieces.at(-1);
  if (!first?.written || !last?.written) return word.at;
  for (const [index, piece] of word.pieces.entries()) {
    const before = word.pieces[index - 1];
    if (!piece.written || piece.at.start !== first.at.start) return word.at;
    if (before?.written && !follows(before.written, piece.written)) return word.at;
  }
  return { start: first.written.start, end: last.written.end };
}

/** Side by side, but for a quote or a backslash between them. */
function follows(before: Range, next: Range): boolean {
  return next.start >= before.end && next.start - before.end <= 2;
}

/** Every range that holds a part of the word: its place, and the definitions of what it is made from. */
export function placesOf(word: Word): readonly Range[] {
  return [word.at, ...word.pieces.flatMap((piece) => (piece.written ? [piece.written] : []))];
}
