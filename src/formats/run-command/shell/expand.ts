import type { ParameterExpansionPart, Word as SyntaxWord, WordPart } from "unbash";
import { cutPiece, type Passage, type Piece, type Range, rangeAt, slice } from "../passage.ts";
import { type Hole, hole, unknownWord, type Word, wordOf } from "../word.ts";
import { mostArguments } from "./limits.ts";
import type { Binding, Scope } from "./scope.ts";

/** What words are expanded with. */
export interface Expansion {
  readonly source: Passage;
  readonly scope: Scope;
  readonly home: string;
  /** What `$(pwd)` and `$PWD` give. */
  readonly folder: string;
  /** Characters that variables may still put in: a short script could multiply them without end. */
  readonly budget: { left: number };
}

/** No word is followed further: variables can double one another. */
const longest = 65_536;

/** Linux gives a program no argument beyond 128 KiB (execve(2), MAX_ARG_STRLEN); quotes may double it. */
export const longestWord = 262_144;

/** The arguments that a word of the syntax becomes: several where an unquoted variable splits, none where it is empty. */
export function expandWord(word: SyntaxWord, given: Expansion): readonly Word[] {
  if (word.end - word.pos > longestWord) {
    const at = rangeAt(given.source, word.pos, word.end);
    const reason = "it is longer than Linux lets an argument be";
    return [unknownWord(at, { reason, source: "…" })];
  }
  const state = newState(given, rangeAt(given.source, word.pos, word.end));
  if (!word.parts) addLiteral(state, word.pos, word.end, false);
  else for (const part of word.parts) addPart(state, part, false);
  return fields(state);
}

/** A word's value where it is not split: on the right of an assignment, or a here-string. */
export function expandValue(word: SyntaxWord, given: Expansion): Binding {
  const state = newState(given, rangeAt(given.source, word.pos, word.end));
  if (!word.parts) addLiteral(state, word.pos, word.end, false);
  else for (const part of word.parts) addPart(state, part, true);
  const [first, ...more] = fields(state);
  if (!first) return { kind: "text", pieces: [], holes: [] };
  const [open] = first.holes;
  if (open && first.text === hole && more.length === 0) return { kind: "unknown", reason: open.reason };
  return { kind: "text", pieces: first.pieces, holes: first.holes };
}

interface Field {
  readonly pieces: Piece[];
  readonly holes: Hole[];
  many: boolean;
  /** Something stands there, if only empty quotes. */
  present: boolean;
}

interface State {
  readonly given: Expansion;
  readonly at: Range;
  readonly done: Field[];
  current: Field;
  length: number;
}

function newState(given: Expansion, at: Range): State {
  return { given, at, done: [], current: newField(), length: 0 };
}

function newField(): Field {
  return { pieces: [], holes: [], many: false, present: false };
}

function fields(state: State): readonly Word[] {
  const all = [...state.done, state.current].filter((field) => field.present);
  return all.map((field) => wordOf(field.pieces, state.at, field.holes, field.many));
}

function push(state: State, piece: Piece): void {
  state.current.present = true;
  if (piece.text === "") return;
  state.length += piece.text.length;
  state.current.pieces.push(piece);
}

function pushHole(state: State, at: Range, source: string, reason: string, many: boolean): void {
  state.current.present = true;
  state.current.pieces.push({ text: hole, at, written: undefined, exact: false });
  state.current.holes.push({ reason, source });
  if (many) state.current.many = true;
}

function addPart(state: State, part: WordPart, quoted: boolean): void {
  switch (part.type) {
    case "Literal":
      addLiteral(state, part.pos, part.end, false);
      return;
    case "Glob":
    case "ExtendedGlob":
      addRaw(state, part.pos, part.end);
      return;
    case "SingleQuoted":
      state.current.present = true;
      addRaw(state, part.pos + 1, closedEnd(state, part.end, "'"));
      return;
    case "AnsiCQuoted": {
      const inner = slice(state.given.source, part.pos + 2, closedEnd(state, part.end, "'"));
      const plain = inner.map((piece) => piece.text).join("");
      state.current.present = true;
      if (plain === part.value) addRaw(state, part.pos + 2, closedEnd(state, part.end, "'"));
      else {
        const at = rangeAt(state.given.source, part.pos, part.end);
        push(state, { text: part.value.replaceAll(hole, ""), at, written: undefined, exact: false });
      }
      return;
    }
    case "DoubleQuoted":
    case "LocaleString":
      state.current.present = true;
      for (const child of part.parts) {
        if (child.type === "Literal") addLiteral(state, child.pos, child.end, true);
        else addPart(state, child, true);
      }
      return;
    case "SimpleExpansion":
      addVariable(state, part, part.text.slice(1), quoted);
      return;
    case "ParameterExpansion":
      addParameter(state, part, quoted);
      return;
    case "CommandExpansion":
      addCommand(state, part, quoted);
      return;
    default:
      addUnknown(state, part, `${part.text.slice(0, 60)} is not evaluated`, !quoted);
  }
}

/** Where the text of a quoted part ends: in front of its closing quote, where there is one. */
function closedEnd(state: State, end: number, quote: string): number {
  return state.given.source.text[end - 1] === quote ? end - 1 : end;
}

function addRaw(state: State, start: number, end: number): void {
  const text = state.given.source.text.slice(start, end);
  let from = 0;
  if (text.includes("${")) {
    // What another program puts in before the shell starts is put in within single quotes too.
    for (const match of text.matchAll(/\$\{(\w+_\d+)\}/g)) {
      const binding = state.given.scope.get(match[1] ?? "");
      if (binding?.kind !== "unknown" || binding.source === undefined) continue;
      addPlain(state, start + from, start + match.index);
      from = match.index + match[0].length;
      const at = rangeAt(state.given.source, start + match.index, start + from);
      pushHole(state, at, binding.source, binding.reason, false);
    }
  }
  addPlain(state, start + from, end);
}

function addPlain(state: State, start: number, end: number): void {
  for (const piece of slice(state.given.source, start, end)) push(state, clean(piece));
}

/** bash drops NULs, and a NUL is what marks a hole. */
function clean(piece: Piece): Piece {
  return piece.text.includes(hole)
    ? { ...piece, text: piece.text.replaceAll(hole, ""), exact: false }
    : piece;
}

/** Text with its backslashes taken out, as the shell does it without or within double quotes. */
function addLiteral(state: State, start: number, end: number, inQuotes: boolean): void {
  if (start === end) return;
  const text = state.given.source.text.slice(start, end);
  const tilde = !inQuotes && text.startsWith("~") && state.current.pieces.length === 0;
  let from = tilde ? addTilde(state, start, end) - start : 0;
  let index = text.indexOf("\\", from);
  while (index >= 0 && index < text.length - 1) {
    const next = text[index + 1] ?? "";
    if (next === "\n") {
      addRaw(state, start + from, start + index);
      from = index + 2;
    } else if (!inQuotes || '$`"\\'.includes(next)) {
      addRaw(state, start + from, start + index);
      const at = rangeAt(state.given.source, start + index, start + index + 2);
      push(state, { text: next === hole ? "" : next, at, written: undefined, exact: false });
      from = index + 2;
    }
    index = text.indexOf("\\", index + 2);
  }
  addRaw(state, start + from, end);
}

/** `~` and `~/…`; another user's home stays as it is. */
function addTilde(state: State, start: number, end: number): number {
  const next = start + 1 < end ? state.given.source.text[start + 1] : "/";
  if (next !== "/") return start;
  const at = rangeAt(state.given.source, start, start + 1);
  push(state, { text: state.given.home, at, written: undefined, exact: false });
  return start + 1;
}

type Spanned = { readonly pos: number; readonly end: number; readonly text: string };

function addUnknown(state: State, part: Spanned, reason: string, many: boolean): void {
  pushHole(state, rangeAt(state.given.source, part.pos, part.end), part.text, reason, many);
}

function addVariable(state: State, part: Spanned, name: string, quoted: boolean): void {
  const binding = bindingOf(state.given, name);
  if (binding) addBinding(state, part, binding, quoted, name === "@");
  else addUnknown(state, part, unknownVariable(name), !quoted || name === "@");
}

function unknownVariable(name: string): string {
  if (/^\d+$/.test(name)) return `the argument $${name} is not known here`;
  if (name === "@" || name === "*") return "the arguments of the script are not known here";
  return `the variable ${name} is not known here`;
}

/** What the script assigned, or one of the few variables that every shell has. */
function bindingOf(given: Expansion, name: string): Binding | undefined {
  const binding = given.scope.get(name);
  if (binding) return binding;
  if (name === "HOME") return known(given.home);
  if (name === "PWD") return known(given.folder);
  return undefined;
}

function known(text: string): Binding {
  return {
    kind: "text",
    pieces: [{ text, at: { start: 0, end: 0 }, written: undefined, exact: false }],
    holes: [],
  };
}

function addBinding(state: State, part: Spanned, binding: Binding, quoted: boolean, all: boolean): void {
  if (binding.kind === "unknown") {
    const written = binding.source === undefined ? part : { ...part, text: binding.source };
    addUnknown(state, written, binding.reason, !quoted || all);
    return;
  }
  const at = rangeAt(state.given.source, part.pos, part.end);
  if (binding.kind === "text") {
    addPieces(state, at, binding.pieces, quoted, part, binding.holes);
    return;
  }
  if (!all) {
    addPieces(state, at, binding.words[0]?.pieces ?? [], quoted, part, binding.words[0]?.holes);
    return;
  }
  if (binding.words.length > mostArguments || state.given.budget.left < 0) {
    addUnknown(state, part, `${part.text.slice(0, 60)} is too long to be followed`, true);
    return;
  }
  for (const [index, word] of binding.words.entries()) {
    if (index > 0) nextField(state);
    state.current.present = true;
    addPieces(state, at, word.pieces, true, part, word.holes);
    if (word.many) state.current.many = true;
  }
}

function nextField(state: State): void {
  if (!state.current.present) return;
  state.done.push(state.current);
  state.current = newField();
}

/** Puts a variable's value in, split at blanks where it is not quoted. */
function addPieces(
  state: State,
  at: Range,
  pieces: readonly Piece[],
  quoted: boolean,
  part: Spanned,
  holes: readonly Hole[] = [],
): void {
  const length = pieces.reduce((sum, piece) => sum + piece.text.length, 0);
  state.given.budget.left -= length + 1;
  if (state.length + length > longest || state.given.budget.left < 0) {
    addUnknown(state, part, `${part.text.slice(0, 60)} is too long to be followed`, !quoted);
    return;
  }
  if (quoted) state.current.present = true;
  let nextHole = 0;
  for (const piece of pieces) {
    if (piece.text === hole) {
      const known = holes[nextHole++];
      pushHole(
        state,
        at,
        known?.source ?? part.text,
        known?.reason ?? "a part of it is not known here",
        !quoted,
      );
      continue;
    }
    const moved = moveTo(piece, at);
    if (quoted) push(state, moved);
    else splitPiece(state, moved);
  }
}

/** The piece at its place of use; what it was written as stays known. */
function moveTo(piece: Piece, at: Range): Piece {
  const placed = piece.written ?? piece.at;
  return {
    ...piece,
    at,
    written: placed.end > placed.start ? placed : undefined,
    exact: piece.exact && placed.end > placed.start,
  };
}

function splitPiece(state: State, piece: Piece): void {
  for (const match of piece.text.matchAll(/[ \t\n\r]+|[^ \t\n\r]+/g)) {
    if (/^[ \t\n\r]/.test(match[0])) nextField(state);
    else push(state, cutPiece(piece, match.index, match.index + match[0].length));
  }
}

function addParameter(state: State, part: ParameterExpansionPart, quoted: boolean): void {
  const { parameter, operation, prefix, index } = part;
  if (prefix) {
    addUnknown(state, part, `${part.text.slice(0, 60)} is not evaluated`, !quoted);
    return;
  }
  const all = parameter === "@" || index?.text === "@" || index?.text === "*";
  if (index && !all) {
    addUnknown(state, part, `${part.text.slice(0, 60)} is not evaluated`, !quoted);
    return;
  }
  const binding = bindingOf(state.given, parameter);
  if (!operation) {
    if (binding) addBinding(state, part, binding, quoted, all);
    else addUnknown(state, part, unknownVariable(parameter), !quoted || all);
    return;
  }
  if (operation.type !== "Default") {
    addUnknown(state, part, `${part.text.slice(0, 60)} is not evaluated`, !quoted);
    return;
  }
  const empty = binding?.kind === "text" && binding.pieces.length === 0;
  const takesEmpty = operation.operator.startsWith(":");
  const present = binding !== undefined && !(takesEmpty && empty);
  const kind = operation.operator.replace(":", "");
  if (present && kind !== "+") addBinding(state, part, binding, quoted, all);
  else if ((kind === "-" || kind === "=") && (!binding || empty))
    addOperand(state, operation.operand, quoted);
  else if (kind === "+" && present && binding.kind !== "unknown")
    addOperand(state, operation.operand, quoted);
  else addUnknown(state, part, unknownVariable(parameter), !quoted);
}

/** The word behind `:-`. Its text stands in the command itself. */
function addOperand(state: State, operand: SyntaxWord, quoted: boolean): void {
  if (quoted) state.current.present = true;
  if (!operand.parts) {
    if (quoted) addLiteral(state, operand.pos, operand.end, true);
    else splitRaw(state, operand.pos, operand.end);
    return;
  }
  for (const part of operand.parts) {
    if (part.type === "Literal" && !quoted) splitRaw(state, part.pos, part.end);
    else addPart(state, part, quoted);
  }
}

function splitRaw(state: State, start: number, end: number): void {
  const { text } = state.given.source;
  for (const match of text.slice(start, end).matchAll(/[ \t\n\r]+|[^ \t\n\r]+/g)) {
    if (/^[ \t\n\r]/.test(match[0])) nextField(state);
    else addLiteral(state, start + match.index, start + match.index + match[0].length, false);
  }
}

/** `$(pwd)` is the folder; what another command prints is not known. */
function addCommand(state: State, part: Spanned, quoted: boolean): void {
  if (/^(?:\$\(|`|\$\{)\s*(?:pwd(?:\s+-[LP])?|echo\s+"?\$\{?PWD\}?"?)\s*(?:\)|`|;?\s*\})$/.test(part.text)) {
    const at = rangeAt(state.given.source, part.pos, part.end);
    push(state, { text: state.given.folder, at, written: undefined, exact: false });
    return;
  }
  addUnknown(state, part, "the output of a command is not known here", !quoted);
}
