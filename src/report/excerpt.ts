import { groupBy } from "../base/group-by.ts";
import { visible } from "../base/visible.ts";
import { graphemes, graphemeWidth } from "../base/width.ts";
import { placesIn } from "../model/credentials/mask.ts";
import type { FileOrigin } from "../model/origin.ts";
import type { ReportContext } from "./context.ts";
import { mask } from "./secrets/redact.ts";
import { mergeSpans, type Span, secretSpans } from "./secrets/spans.ts";

/**
 * One source line as it may be shown: secrets masked, tabs expanded, control characters spelled out, cut
 * to the room there is. `marked` is what the origin points at (empty for a place between two characters).
 */
export interface Excerpt {
  readonly line: number;
  readonly before: string;
  readonly marked: string;
  readonly after: string;
}

interface Cell {
  readonly text: string;
  readonly width: number;
  readonly start: number;
  readonly end: number;
}

const tabStop = 4;
/** Of a longer line only the part around the marker is looked at: a 5 MB line costs no more than a short one. */
const longLine = 1000;

/** Makes the function that cuts excerpts of `width` columns; it remembers what it masked in which line. */
export function excerpter(
  context: Pick<ReportContext, "sourceLine" | "secrets" | "secretValues">,
): (origin: FileOrigin, width: number) => Excerpt | undefined {
  const secretsByFile = groupBy(context.secrets, (secret) => secret.file);
  const masks = new Map<string, readonly Span[]>();
  const valuesOf = placesIn(context.secretValues ?? []);

  function masksOf(file: string, line: number, text: string): readonly Span[] {
    const key = `${line}:${file}`;
    const known = masks.get(key);
    if (known) return known;
    const declared = (secretsByFile.get(file) ?? []).flatMap((secret) => spanOnLine(secret, line, text));
    const spans = mergeSpans([...declared, ...valuesOf(text), ...secretSpans(text, { colon: true })]);
    masks.set(key, spans);
    return spans;
  }

  return function excerpt(origin, width) {
    const text = context.sourceLine(origin.file, origin.startLine);
    if (text === undefined) return undefined;
    const target = targetOn(origin, text);
    const cells = cellsOf(text, masksOf(origin.file, origin.startLine, text), target);
    return { line: origin.startLine, ...cutToRoom(cells, target, width) };
  };
}

/** What the origin covers of its first line. */
function targetOn(origin: FileOrigin, text: string): Span {
  const trimmed = text.trimEnd().length;
  const start = Math.min(Math.max(0, origin.startColumn - 1), text.length);
  const end = origin.endLine > origin.startLine ? trimmed : Math.min(origin.endColumn - 1, text.length);
  return { start, end: Math.max(start, end) };
}

function spanOnLine(secret: FileOrigin, line: number, text: string): readonly Span[] {
  if (line < secret.startLine || line > secret.endLine) return [];
  const indent = text.length - text.trimStart().length;
  const start = line === secret.startLine ? secret.startColumn - 1 : indent;
  const end = line === secret.endLine ? Math.min(secret.endColumn - 1, text.length) : text.length;
  return [{ start: Math.max(0, start), end }];
}

function cellsOf(text: string, masks: readonly Span[], target: Span): readonly Cell[] {
  const long = text.length > longLine;
  const from = long ? Math.max(0, target.start - longLine / 2) : 0;
  const to = long ? Math.min(text.length, target.start + longLine / 2) : text.length;
  const cells: Cell[] = [];
  let column = 0;
  function push(shown: string, start: number, end: number): void {
    const width = graphemes(shown).reduce((sum, { text: one }) => sum + graphemeWidth(one), 0);
    cells.push({ text: shown, width, start, end });
    column += width;
  }
  function pushPlain(start: number, end: number): void {
    for (const { text: one, index } of graphemes(text.slice(start, end))) {
      const at = start + index;
      push(one === "\t" ? " ".repeat(tabStop - (column % tabStop)) : visible(one), at, at + one.length);
    }
  }
  let at = from;
  for (const span of masks) {
    if (span.end <= from || span.start >= to) continue;
    if (span.start > at) pushPlain(at, span.start);
    push(mask, span.start, span.end);
    at = span.end;
  }
  if (at < to) pushPlain(at, to);
  return cells;
}

/** Cuts the cells to the room, so that the beginning of the marked part is seen. */
function cutToRoom(cells: readonly Cell[], target: Span, width: number): Omit<Excerpt, "line"> {
  const isMarked = (cell: Cell) => cell.end > target.start && cell.start < target.end;
  const before = cells.filter((cell) => cell.start < target.start && !isMarked(cell));
  const marked = cells.filter(isMarked);
  const after = cells.filter((cell) => cell.start >= target.start && !isMarked(cell));
  const total = widthOf(cells);
  const cutLeft = (before[0]?.start ?? marked[0]?.start ?? 0) > 0;
  if (total <= width && !cutLeft) {
    return { before: textOf(before), marked: textOf(marked), after: textOf(after).trimEnd() };
  }
  const forMarked = Math.min(widthOf(marked), width - 2);
  const rest = width - forMarked;
  const afterRoom = Math.min(widthOf(after), Math.max(Math.floor(rest / 3), rest - widthOf(before)));
  const shownBefore = cutStart(before, rest - afterRoom, cutLeft);
  const shownMarked = cutEnd(marked, width - widthOf(shownBefore) - Math.min(afterRoom, 1));
  const shownAfter =
    widthOf(shownMarked) < widthOf(marked)
      ? []
      : cutEnd(after, width - widthOf(shownBefore) - widthOf(shownMarked));
  return { before: textOf(shownBefore), marked: textOf(shownMarked), after: textOf(shownAfter).trimEnd() };
}

const ellipsis: Cell = { text: "…", width: 1, start: 0, end: 0 };

function cutEnd(cells: readonly Cell[], room: number): readonly Cell[] {
  if (widthOf(cells) <= room) return cells;
  if (room < 1) return [];
  return [...takeWhileFits(cells, room - 1), ellipsis];
}

function cutStart(cells: readonly Cell[], room: number, alreadyCut: boolean): readonly Cell[] {
  if (widthOf(cells) + (alreadyCut ? 1 : 0) <= room) return alreadyCut ? [ellipsis, ...cells] : cells;
  if (room < 1) return [];
  return [ellipsis, ...takeWhileFits(cells.toReversed(), room - 1).toReversed()];
}

function takeWhileFits(cells: readonly Cell[], room: number): readonly Cell[] {
  let used = 0;
  const end = cells.findIndex((cell) => {
    used += cell.width;
    return used > room;
  });
  return end === -1 ? cells : cells.slice(0, end);
}

function widthOf(cells: readonly Cell[]): number {
  return cells.reduce((sum, cell) => sum + cell.width, 0);
}

function textOf(cells: readonly Cell[]): string {
  return cells.map((cell) => cell.text).join("");
}
