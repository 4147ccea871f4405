import { columnOf, type Layout, lineStart, nextLine } from "./layout.ts";

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
  if (text[last - 1] === "\n") return { start, end: last, text: "" };
  return { start: lineBreak(text, start), end: last, text: "" };
}

/** Where the line break stands that ends the line before. */
function lineBreak(text: string, start: number): number {
  if (start === 0) return 0;
  return text[start - 2] === "\r" ? start - 2 : start - 1;
}

/** In order and without overlaps: what is put in at a place comes before what is taken out from there on. */
export function settle(pieces: readonly Piece[], layout: Layout): readonly Piece[] {
  const { text } = layout;
  const last = pieces.find(({ start, end }) => end === text.length && end > start);
  let cut = last;
  const gone = new Set<Piece>();
  // The last lines go with the line break before them, which may be the one of other lines that go.
  for (const piece of cut ? takenOut(pieces).toSorted((a, b) => b.start - a.start) : []) {
    if (!cut || piece.start >= cut.start) continue;
    if (piece.end <= cut.start) break;
    cut = { ...cut, start: lineBreak(text, piece.start) };
    gone.add(piece);
  }
  const end = cut;
  const rest = pieces.filter((piece) => piece !== last && !gone.has(piece));
  return [
    ...rest.map((piece) => (end && isWithin(piece, end) ? beforeLineBreak(piece, end.start, layout) : piece)),
    ...(end ? [end] : []),
  ]
    .filter((piece) => text.slice(piece.start, piece.end) !== piece.text)
    .toSorted((a, b) => a.start - b.start || Number(a.end > a.start) - Number(b.end > b.start));
}

function takenOut(pieces: readonly Piece[]): readonly Piece[] {
  return pieces.filter(({ start, end, text }) => text === "" && end > start);
}

function isWithin({ start, end }: Piece, cut: Piece): boolean {
  return start === end && start > cut.start && start < cut.end;
}

/** The last lines go together with the line break before them: what was to stand between the two moves ahead of it. */
function beforeLineBreak({ text }: Piece, at: number, { eol }: Layout): Piece {
  return { start: at, end: at, text: eol + text.slice(0, text.length - eol.length) };
}

/** An item between brackets or braces. */
export interface FlowItem {
  readonly start: number;
  readonly end: number;
  readonly kept: boolean;
}

interface FlowBody {
  /** Where the brackets stand, end exclusive. */
  readonly open: number;
  readonly close: number;
  readonly items: readonly FlowItem[];
  readonly padding: string;
}

/** Takes items out of brackets and puts new ones behind the rest. */
export function flowEdits(body: FlowBody, fresh: readonly string[], layout: Layout): readonly Piece[] {
  const { items, open, close, padding } = body;
  const lastKept = items.findLastIndex((item) => item.kept);
  const last = items[lastKept];
  if (!last) {
    if (items.length === 0 && fresh.length === 0) return [];
    const inside = fresh.length === 0 ? "" : `${padding}${fresh.join(", ")}${padding}`;
    return [{ start: open + 1, end: close - 1, text: inside }];
  }
  const between = `,${separator(last.start, open, layout)}`;
  const added = fresh.map((text) => between + text).join("");
  const tail = items.at(-1) ?? last;
  return [
    ...items.flatMap((item, index): readonly Piece[] => {
      const next = items[index + 1];
      return item.kept || !next || index > lastKept ? [] : [{ start: item.start, end: next.start, text: "" }];
    }),
    { start: last.end, end: last.end, text: added },
    { start: last.end, end: tail.end, text: "" },
  ];
}

/** A line for each item, where the items that are there have one. */
function separator(start: number, open: number, { text, eol }: Layout): string {
  const isAlone = text.slice(lineStart(text, start), start).trim() === "" && lineStart(text, start) > open;
  return isAlone ? eol + " ".repeat(columnOf(text, start)) : " ";
}

/** Where an item begins, its anchor and tag included: behind the commas, blanks and comments that follow `from`. */
export function flowStart(text: string, from: number): number {
  blanks.lastIndex = from;
  return from + (blanks.exec(text)?.[0].length ?? 0);
}

const blanks = /(?:[\s,]|#[^\n]*(?:\n|$))*/y;
