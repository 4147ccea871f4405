import { columnOf, type Layout, lineStart } from "./layout.ts";
import type { Piece } from "./pieces.ts";

/** An item between brackets or braces. */
export interface FlowItem {
  readonly start: number;
  readonly end: number;
  readonly kept: boolean;
}

export interface FlowBody {
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
