import { displayWidth } from "../../base/width.ts";

/** A piece of a line with its colours, which take no room. */
export interface Painted {
  readonly text: string;
  readonly painted: string;
}

/** Pieces side by side with a separator between them, on as many lines as they need. */
export function flow(pieces: readonly Painted[], separator: string, width: number): readonly string[] {
  const lines: Painted[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    const joined = last && `${last.text}${separator}${piece.text}`;
    if (!last || !joined || displayWidth(joined) > width) lines.push(piece);
    else lines[lines.length - 1] = { text: joined, painted: `${last.painted}${separator}${piece.painted}` };
  }
  return lines.map((line) => line.painted);
}
