import { append, type Piece, passage, rangeAt, slice } from "../passage.ts";
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
  /^[ \t]*((?:(?:override|export|private)[ \t]+)*)([\w.-]+)[ \t]*(\?=|:{1,3}=|\+=|!=|=)[ \t]*(.*)$/s;

/** A line that opens, turns or closes a part of the file which holds under a condition. */
const conditional = /^[ \t]*(ifn?eq|ifn?def|else|endif)\b[ \t]*([\w.-]*)/;

/** What a variable holds at one point of the file. */
interface Held {
  readonly value: Piece[] | "several" | "shell";
  /** `:=`: references in it were put in where it was set, not where it is used. */
  readonly simple?: MakePart[];
  /** Set by `override`, which only another `override` changes. */
  readonly isFirm?: boolean;
}

/** A reference that no variable has: what it puts in is not known. */
const addedInDoubt: readonly Piece[] = [
  { text: "$(added under a condition)", at: { start: 0, end: 0 }, written: undefined, exact: false },
];

const space: Piece = { text: " ", at: { start: 0, end: 0 }, written: undefined, exact: false };

const several: Held = { value: "several" };

/**
 * The variables of a file, set in its order. What recipes use is what holds at the end of the file; one that a condition, a rule
 * or another file may set is not known.
 */
export function newMakeVariables(around: Surroundings, isOpen = false): MakeVariables {
  const held = new Map<string, Held>();
  const rulesOwn = new Set<string>();
  let isIncluded = false;
  /** For each open condition, the variable that its lines may set without a doubt: `ifndef A` before `A = …` is `A ?= …`. */
  const conditions: (string | undefined)[] = [];
  const resolved = new Map<string, MakeValue>();
  const budget = { left: mostExpanded };
  return { define, valueBehind };

  /** Whether a condition decides if this line sets the variable. */
  function isDoubtful(name: string): boolean {
    return conditions.length > 0 && !(conditions.length === 1 && conditions[0] === name);
  }

  function put(name: string, now: Held): void {
    const before = held.get(name);
    const isSame = before && now.value !== "several" && textOf(before.value) === textOf(now.value);
    resolved.clear();
    held.set(name, isDoubtful(name) && !isSame && !isEngine(now.value) ? { ...now, ...several } : now);
  }

  function define(lines: readonly Piece[]): void {
    const joined = joinLines(lines);
    const { text } = joined;
    const turn = conditional.exec(text);
    if (turn) {
      const [, word, name = ""] = turn;
      if (word === "endif") conditions.pop();
      else if (word === "else") conditions[conditions.length - 1] = undefined;
      else conditions.push(word === "ifndef" && !held.has(name) ? name : undefined);
      return;
    }
    const match = definition.exec(text);
    if (!match) {
      defineElsewhere(text);
      return;
    }
    const [, words = "", name = "", operator = "", value = ""] = match;
    const start = text.length - value.length;
    const end = start + withoutComment(value).length;
    const pieces = [...withoutEscapedHashes(slice(joined, start, end))];
    const before = held.get(name);
    const isFirm = /\boverride\b/.test(words);
    if ((before?.isFirm && !isFirm) || rulesOwn.has(name)) return;
    const firm = isFirm ? { isFirm } : {};
    if (operator === "!=") put(name, { value: "shell", ...firm });
    else if (operator === "?=" && before !== undefined) return;
    else if ((operator === "?=" || operator === "+=") && before === undefined && isIncluded)
      put(name, several);
    else if (operator === "+=" && before !== undefined) {
      resolved.clear();
      held.set(name, { ...addTo(name, before, isDoubtful(name) ? addedInDoubt : pieces), ...firm });
    } else if (operator.startsWith(":"))
      put(name, { value: pieces, simple: [...expand(name, passage(pieces))], ...firm });
    else put(name, { value: pieces, ...firm });
  }

  /** Adds in place: a file may do so without end. */
  function addTo(name: string, before: Held, pieces: readonly Piece[]): Held {
    if (typeof before.value === "string" || isEmpty(pieces)) return before;
    if (!isEmpty(before.value)) before.value.push(space);
    append(before.value, pieces);
    if (before.simple) {
      if (before.simple.length > 0) before.simple.push(space);
      append(before.simple, expand(name, passage(pieces)));
    }
    return before;
  }

  /** What sets a variable in another way than a plain definition leaves it open. */
  function defineElsewhere(text: string): void {
    resolved.clear();
    // A rule's own variable holds in its recipe, whatever the file sets.
    const ruleOwn = targetDefinition.exec(text)?.[1];
    if (ruleOwn !== undefined) {
      held.set(ruleOwn, several);
      rulesOwn.add(ruleOwn);
    }
    const own = /^[ \t]*(?:override[ \t]+)?(?:un)?define[ \t]+([\w.-]+)/.exec(text)?.[1];
    if (own !== undefined) held.set(own, several);
    if (!/^[ \t]*(?:-|s)?include[ \t]/.test(text)) return;
    isIncluded = true;
    for (const [known, { value }] of held) if (!isEngine(value)) held.set(known, several);
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
    const now = held.get(name);
    const value = isOpen && !isEngine(now?.value) ? "several" : now?.value;
    if (now?.simple && value !== "several") return now.simple;
    // A variable that refers to itself ends here.
    resolved.set(name, unknown(`the variable ${name} refers to itself`, `$(${name})`));
    const result = evaluate(name, value);
    resolved.set(name, result);
    return result;
  }

  function evaluate(name: string, value: Held["value"] | undefined): MakeValue {
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

/** `\\#` is a `#` of the value. */
function withoutEscapedHashes(pieces: readonly Piece[]): readonly Piece[] {
  const source = passage(pieces);
  if (!source.text.includes("\\#")) return pieces;
  const all: Piece[] = [];
  let from = 0;
  for (let at = source.text.indexOf("\\#"); at >= 0; at = source.text.indexOf("\\#", from)) {
    append(all, slice(source, from, at));
    all.push({ text: "#", at: rangeAt(source, at, at + 2), written: undefined, exact: false });
    from = at + 2;
  }
  append(all, slice(source, from, source.text.length));
  return all;
}

function withoutComment(value: string): string {
  const comment = /(?<!\\)#/.exec(value);
  return comment ? value.slice(0, comment.index) : value;
}

function textOf(pieces: Held["value"]): string {
  return typeof pieces === "string" ? pieces : pieces.map((piece) => piece.text).join("");
}

function isEmpty(pieces: readonly Piece[]): boolean {
  return pieces.every(({ text }) => text === "");
}

/** `DOCKER ?= docker`: whatever else may set it, it stays the name of an engine's client. */
function isEngine(value: Held["value"] | undefined): boolean {
  return value !== undefined && /^(?:sudo )?(?:docker|podman|nerdctl)$/.test(textOf(value));
}
