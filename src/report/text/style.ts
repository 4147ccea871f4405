import pico from "picocolors";
import { displayWidth } from "../../base/width.ts";
import type { Severity } from "../../model/severity.ts";
import type { CellState } from "../groups/tally.ts";

type Paint = (text: string) => string;

/** The colours of the text report. Signs and words carry the meaning; colour only repeats it. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly code: Paint;
  readonly severity: (severity: Severity, text: string) => string;
  readonly state: (state: CellState, text: string) => string;
}

export function styleOf(colour: boolean): Style {
  const c = pico.createColors(colour);
  const severities: Readonly<Record<Severity, Paint>> = {
    critical: (text) => c.bold(c.red(text)),
    high: c.red,
    medium: c.yellow,
    low: c.cyan,
    info: c.blue,
  };
  const states: Readonly<Record<CellState, Paint>> = {
    fail: c.red,
    unknown: c.magenta,
    accepted: c.blue,
    pass: c.green,
    notApplicable: c.dim,
    none: c.dim,
  };
  return {
    bold: c.bold,
    dim: c.dim,
    code: c.green,
    severity: (severity, text) => severities[severity](text),
    state: (state, text) => states[state](text),
  };
}

export const stateSigns: Readonly<Record<CellState, string>> = {
  fail: "✗",
  unknown: "?",
  accepted: "~",
  pass: "✓",
  notApplicable: "–",
  none: " ",
};

const asciiFor: Readonly<Record<string, string>> = {
  "✗": "x",
  "✓": "+",
  "–": "-",
  "—": "-",
  "─": "-",
  "│": "|",
  "·": "-",
  "…": "~",
  "•": "*",
  "“": '"',
  "”": '"',
  "‘": "'",
  "’": "'",
  "→": ">",
  "≥": ">",
};

/** The text for a terminal without Unicode: each sign by one of the same width, what is left by `?`. */
export function toAscii(text: string): string {
  return text.replace(/\P{ASCII}/gu, (character) => asciiFor[character] ?? "?");
}

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
