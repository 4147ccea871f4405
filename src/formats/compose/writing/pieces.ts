import { type Layout, lineStart, nextLine } from "./layout.ts";

/** A change of the text, before it is said of which file. */
export interface Piece {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** New lines at the beginning of a line, or behind a last line that has no line break. */
export function insertLines(at: number, lines: readonly string[], { text, eol }: Layout): Piece {
  const isBroken = at === 0 || text[at - 1] === "\n";
  const added = isBroken ? lines.map((line) => line + eol) : lines.map((line) => eol + line);
  return { start: at, end: at, text: added.join("") };
}

/** Takes out whole lines; where the last one has no line break, the one before it goes. */
export function removeLines(from: number, end: number, { text }: Layout): Piece {
  const start = lineStart(text, from);
  const last = nextLine(text, end);
  if (text[last - 1] === "\n" || start === 0) return { start, end: last, text: "" };
  return { start: text[start - 2] === "\r" ? start - 2 : start - 1, end: last, text: "" };
}

/** In order and without overlaps: what is put in at a place comes before what is taken out from there on. */
export function settle(pieces: readonly Piece[], layout: Layout): readonly Piece[] {
  const cut = pieces.find(({ start, end }) => end === layout.text.length && end > start);
  return pieces
    .map((piece) => (cut && isWithin(piece, cut) ? beforeLineBreak(piece, cut.start, layout) : piece))
    .filter(({ start, end, text }) => layout.text.slice(start, end) !== text)
    .toSorted((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start));
}

function isWithin({ start, end }: Piece, cut: Piece): boolean {
  return start === end && start > cut.start && start < cut.end;
}

/** The last lines go together with the line break before them: what was to stand between the two moves ahead of it. */
function beforeLineBreak({ text }: Piece, at: number, { eol }: Layout): Piece {
  return { start: at, end: at, text: eol + text.slice(0, text.length - eol.length) };
}
