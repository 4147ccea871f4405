import pico from "picocolors";
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
