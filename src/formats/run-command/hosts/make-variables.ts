import { append, type Piece, passage, slice } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";
import { type Hole, hole } from "../word.ts";

/** A part of a variable's value; `unknown` where it could not be evaluated. */
export interface MakePart extends Piece {
  readonly unknown?: Hole;
}

/** What a reference to a make variable gives. */
export type MakeValue = readonly MakePart[];

export interface MakeVariables {
  /** Takes a line that is no recipe for a definition, if it is one. */
  define(lines: readonly Piece[]): void;
  /** The value of `$(NAME)`, `${NAME}` or `$N`. */
  valueBehind(reference: string): MakeValue;
}

/** A line of make that no definition is, and that may set variables: `include`, `define`, a rule's own variable. */
const targetDefinition =
  /^[^\t#=:][^#=:]*::?[ \t]*(?:(?:override|export|private)[ \t]+)*([\w.-]+)[ \t]*(?:\?|:{1,3}|\+|!)?=/;

/** Characters that all references together may put in: a short file could multiply them without end. */
const mostExpanded = 4_000_000;

/** The longest value that is followed: variables can double one another. */
const longest = 65_536;

const definition =
  /^[ \t]*(?:(?:override|export|private)[ \t]+)*([\w.-]+)[ \t]*(\?=|:{1,3}=|\+=|!=|=)[ \t]*(.*)$/s;

/** Variables hold for the whole file, as make expands most of them late; one that is set in two ways is not known. */
export function newMakeVariables(around: Surroundings, isOpen = false): MakeVariables {
  const raw = new Map<string, Piece[] | "several" | "shell">();
  let isIncluded = false;
  const resolved = new Map<string, MakeValue>();
  const budget = { left: mostExpanded };
  return { define, valueBehind };

  function define(lines: readonly Piece[]): void {
    const joined = joinLines(lines);
    const { text } = joined;
    const match = definition.exec(text);
    if (!match) {
      defineElsewhere(text);
      return;
    }
    const [, name = "", operator = "", value = ""] = match;
    const start = text.length - value.length;
    const end = start + withoutComment(value).trimEnd().length;
    const pieces = [...slice(joined, start, end)];
    const before = raw.get(name);
    if (operator === "!=") raw.set(name, "shell");
    else if (operator === "+=" && Array.isArray(before)) {
      before.push({ text: " ", at: { start: 0, end: 0 }, written: undefined, exact: false });
      append(before, pieces);
    } else if (operator === "?=" && before !== undefined) return;
    else if ((operator === "?=" || operator === "+=") && isIncluded) raw.set(name, "several");
    else if (before !== undefined && textOf(before) !== textOf(pieces)) raw.set(name, "several");
    else raw.set(name, pieces);
  }

  /** What sets a variable in another way than a plain definition leaves it open. */
  function defineElsewhere(text: string): void {
    const own =
      targetDefinition.exec(text)?.[1] ??
      /^[ \t]*(?:override[ \t]+)?(?:un)?define[ \t]+([\w.-]+)/.exec(text)?.[1];
    if (own !== undefined) raw.set(own, "several");
    if (!/^[ \t]*(?:-|s)?include[ \t]/.test(text)) return;
    isIncluded = true;
    for (const [known, value] of raw) if (!isEngine(value)) raw.set(known, "several");
  }

  function valueBehind(reference: string): MakeValue {
    const inner = /^\$[({](.*)[)}]$/s.exec(reference)?.[1] ?? reference.slice(1);
    const name = inner.trim();
    if (/^(?:CURDIR|PWD|shell pwd|shell echo \$\$PWD)$/.test(name)) return known(around.folder.absolute);
    if (name === "HOME") return known(around.io.home);
    const source = reference.slice(0, 80);
    if (!/^[\w.-]+$/.test(name)) return unknown(`${source} is not evaluated`, source);
    const value = variable(name);
    budget.left -= sizeOf(value) + 1;
    return budget.left < 0 ? unknown(`the variable ${name} is too long to be followed`, source) : value;
  }

  function variable(name: string): MakeValue {
    const done = resolved.get(name);
    if (done) return done;
    const written = raw.get(name);
    const value = isOpen && !isEngine(written) ? "several" : written;
    // A variable that refers to itself ends here.
    resolved.set(name, unknown(`the variable ${name} refers to itself`, `$(${name})`));
    const result = evaluate(name, value);
    resolved.set(name, result);
    return result;
  }

  function evaluate(name: string, value: readonly Piece[] | "several" | "shell" | undefined): MakeValue {
    const source = `$(${name})`;
    if (value === undefined) return unknown(`the variable ${name} is not known here`, source);
    if (value === "several") return unknown(`the variable ${name} is set in more than one way`, source);
    if (value === "shell") return unknown(`the variable ${name} is the output of a command`, source);
    return expand(name, passage(value));
  }

  function expand(name: string, source: ReturnType<typeof passage>): MakeValue {
    const { text } = source;
    const parts: MakePart[] = [];
    let length = 0;
    let from = 0;
    for (let at = text.indexOf("$"); at >= 0; at = text.indexOf("$", from)) {
      append(parts, slice(source, from, at));
      const end = referenceEnd(text, at);
      from = end;
      if (text[at + 1] === "$") {
        append(parts, slice(source, at, at + 1));
        continue;
      }
      const value = valueBehind(text.slice(at, end));
      length += sizeOf(value);
      if (length > longest) return unknown(`the variable ${name} is too long to be followed`, `$(${name})`);
      append(parts, value);
    }
    append(parts, slice(source, from, text.length));
    return parts;
  }
}

/** The end of the reference that starts here. Nested brackets of the same kind are counted. */
export function referenceEnd(text: string, start: number): number {
  const open = text[start + 1];
  if (open !== "(" && open !== "{") return start + 2;
  const close = open === "(" ? ")" : "}";
  let depth = 0;
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === open) depth += 1;
    else if (text[index] === close && --depth === 0) return index + 1;
  }
  return text.length;
}

function sizeOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, piece) => sum + piece.text.length, 0);
}

function known(text: string): MakeValue {
  return [{ text, at: { start: 0, end: 0 }, written: undefined, exact: false }];
}

function unknown(reason: string, source: string): MakeValue {
  return [
    { text: hole, at: { start: 0, end: 0 }, written: undefined, exact: false, unknown: { reason, source } },
  ];
}

/** The lines of a definition as one: a backslash and the blanks around it are one space. */
function joinLines(lines: readonly Piece[]): ReturnType<typeof passage> {
  const pieces: Piece[] = [];
  for (const [index, line] of lines.entries()) {
    const source = passage([line]);
    const from = index === 0 ? 0 : line.text.length - line.text.trimStart().length;
    const isLast = index === lines.length - 1;
    const kept = isLast ? line.text : line.text.slice(0, -1).trimEnd();
    append(pieces, slice(source, Math.min(from, kept.length), kept.length));
    const end = line.at.end;
    if (!isLast) pieces.push({ text: " ", at: { start: end, end }, written: undefined, exact: false });
  }
  return passage(pieces);
}

function withoutComment(value: string): string {
  const comment = /(?<!\\)#/.exec(value);
  return comment ? value.slice(0, comment.index) : value;
}

function textOf(pieces: readonly Piece[] | "several" | "shell"): string {
  return typeof pieces === "string" ? pieces : pieces.map((piece) => piece.text).join("");
}

/** `DOCKER ?= docker`: whatever else may set it, it stays the name of an engine's client. */
function isEngine(value: readonly Piece[] | "several" | "shell" | undefined): boolean {
  return value !== undefined && /^(?:sudo )?(?:docker|podman|nerdctl)$/.test(textOf(value));
}
