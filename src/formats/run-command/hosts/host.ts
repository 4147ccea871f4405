import type { Engine } from "../../../model/engine.ts";
import type { Gap } from "../../../model/gap.ts";
import type { Act } from "../acts.ts";
import type { Folder } from "../folder.ts";
import { type Passage, type Piece, passage, type Range, written } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";
import type { RunCommand } from "../shell/commands.ts";
import type { Binding } from "../shell/scope.ts";

/** A shell text in a file of some kind. */
export interface ShellText {
  readonly source: Passage;
  /** What is known before its first line. */
  readonly variables?: ReadonlyMap<string, Binding> | undefined;
  /** Where it runs, if not in the file's own folder. */
  readonly folder?: Folder | undefined;
  /** Written for people: `docker run [OPTIONS] IMAGE` is a synopsis there and no broken command. */
  readonly prose?: boolean;
}

/** What a file of some kind holds for the shell. */
export interface Hosted {
  readonly texts: readonly ShellText[];
  /** Commands that are run without a shell. */
  readonly commands: readonly RunCommand[];
  readonly gaps: readonly Gap[];
  /** Variables that its commands get from the file. */
  readonly variables?: ReadonlyMap<string, Binding>;
  /** Engines that it starts. */
  readonly engines?: readonly HostedEngine[];
  /** What it does to an Engine in words of its format. */
  readonly acts?: readonly Act[];
}

export interface HostedEngine {
  readonly view: Engine;
  readonly at: Range;
}

export const nothingHosted: Hosted = { texts: [], commands: [], gaps: [] };

export type Host = (text: string, around: Surroundings) => Hosted;

/** Lines with their carriage returns left out, joined by line feeds that stand nowhere. */
export function linesPassage(lines: readonly (readonly Piece[])[]): Passage {
  return passage(lines.flatMap((line) => [...line, lineFeedAfter(line)]));
}

function lineFeedAfter(line: readonly Piece[]): Piece {
  const end = line.at(-1)?.at.end ?? 0;
  return { text: "\n", at: { start: end, end }, written: undefined, exact: false };
}

/** A line of the file, from one offset to another. */
export interface Line {
  readonly text: string;
  readonly start: number;
}

/** The lines of a text without their ends; `\n` and `\r\n` end one. */
export function linesIn(text: string): readonly Line[] {
  const lines: Line[] = [];
  let start = 0;
  while (start < text.length) {
    const feed = text.indexOf("\n", start);
    const end = feed < 0 ? text.length : feed;
    const cut = text[end - 1] === "\r" && end > start && feed >= 0 ? end - 1 : end;
    lines.push({ text: text.slice(start, cut), start });
    start = end + 1;
  }
  return lines;
}

/** `[from, to)` of a line, as a piece. */
export function pieceOf(line: Line, from = 0, to = line.text.length): Piece {
  const text = line.text.slice(from, to);
  const start = line.start + from;
  return { text, at: { start, end: start + text.length }, written: undefined, exact: true };
}

/** Every variable that is known or that the text uses, as one whose value something else may set. */
export function openNames(
  text: string,
  known: ReadonlyMap<string, Binding>,
  why: string,
): ReadonlyMap<string, Binding> {
  const used = [...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map(([, name = ""]) => name);
  const names = [...new Set([...known.keys(), ...used])].filter((name) => name !== "HOME" && name !== "PWD");
  return new Map(
    names.map((name) => [
      name,
      { kind: "unknown", reason: `the variable ${name} is not known here: ${why}` },
    ]),
  );
}

/** A shell script. Windows line ends are taken for plain ones, so that a command is still seen for what it is. */
export function readShellScript(text: string): Hosted {
  const start = text.startsWith("\uFEFF") ? 1 : 0;
  const source = text.includes("\r")
    ? linesPassage(linesIn(text).map((line) => [pieceOf(line, line.start === 0 ? start : 0)]))
    : passage([written(text.slice(start), start)]);
  return { texts: [{ source }], commands: [], gaps: [] };
}
