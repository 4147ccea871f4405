import type { HereDocBody, ParameterExpansionPart, Word as SyntaxWord, WordPart } from "unbash";
import { type Passage, type Piece, passage, rangeAt, slice } from "../passage.ts";
import { hole, unknownWord, type Word } from "../word.ts";
import { type Expansion, fields, newState, nextField, push, pushHole, type State } from "./fields.ts";
import type { Binding } from "./scope.ts";
import {
  addBinding,
  addUnknown,
  addVariable,
  bindingOf,
  type Spanned,
  unknownVariable,
} from "./variables.ts";

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

/** The text of a here-document whose delimiter has no quotes: variables are put in, and quotes are kept. */
export function expandBody(body: HereDocBody, given: Expansion): Passage {
  const state = newState(given, rangeAt(given.source, body.pos, body.end));
  state.current.present = true;
  if (!body.parts) addLiteral(state, body.pos, body.end, true);
  else
    for (const part of body.parts) {
      if (part.type === "Literal") addLiteral(state, part.pos, part.end, true);
      else addPart(state, part, true);
    }
  return passage(fields(state).flatMap(({ pieces }) => pieces));
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
      // "${NAME[@]}" and "$@" are as many words as there are items: none where there is none.
      if (!(part.parts.length === 1 && part.parts[0] && isAllItems(part.parts[0])))
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

function isAllItems(part: WordPart): boolean {
  if (part.type === "SimpleExpansion") return part.text === "$@";
  return part.type === "ParameterExpansion" && (part.parameter === "@" || part.index?.text === "@");
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
    if (binding) addBinding(state, part, binding, quoted, all, index?.text === "*");
    else addUnknown(state, part, unknownVariable(parameter), !quoted || all);
    return;
  }
  if (operation.type !== "Default") {
    addUnknown(state, part, `${part.text.slice(0, 60)} is not evaluated`, !quoted);
    return;
  }
  const standing = standingOf(binding, all);
  const kind = operation.operator.replace(":", "");
  const takesEmpty = operation.operator.startsWith(":");
  const isPresent = standing === "filled" || (!takesEmpty && (standing === "empty" || standing === "open"));
  const isAbsent = standing === "unset" || (takesEmpty && standing === "empty");
  // `${NAME:=…}` also sets it.
  if (kind === "=" && isAbsent && !index)
    state.given.scope.assign(parameter, expandValue(operation.operand, state.given));
  if (binding && isPresent && kind !== "+") addBinding(state, part, binding, quoted, all);
  else if (isAbsent && (kind === "-" || kind === "=")) addOperand(state, part, operation.operand, quoted);
  else if (isPresent && kind === "+") addOperand(state, part, operation.operand, quoted);
  else if (isAbsent && binding && kind === "+") {
    if (quoted && !all) state.current.present = true;
  } else addUnknown(state, part, unknownVariable(parameter), !quoted);
}

/**
 * Whether a variable is set and holds something, which a part that is not known leaves `open`. One that the script never sets
 * counts as unset: its default is what the script's author wrote for that.
 */
function standingOf(
  binding: Binding | undefined,
  all: boolean,
): "unset" | "empty" | "filled" | "open" | "unknown" {
  if (binding === undefined) return "unset";
  if (binding.kind === "unknown") return "unknown";
  if (binding.kind === "list") {
    const [first, ...more] = binding.words;
    if (!first) return "unset";
    if (all && more.length > 0) return "filled";
    return first.many ? "unknown" : standingOfPieces(first.pieces);
  }
  return binding.unset ? "unset" : standingOfPieces(binding.pieces);
}

function standingOfPieces(pieces: readonly Piece[]): "empty" | "filled" | "open" {
  if (pieces.some(({ text }) => text !== "" && text !== hole)) return "filled";
  return pieces.some(({ text }) => text === hole) ? "open" : "empty";
}

/** The word behind `:-`: its value is written there, but it stands where the whole expansion does. */
function addOperand(state: State, part: Spanned, operand: SyntaxWord, quoted: boolean): void {
  const outer = state.within;
  state.within ??= rangeAt(state.given.source, part.pos, part.end);
  if (quoted) state.current.present = true;
  addDefault(state, operand, quoted);
  state.within = outer;
}

function addDefault(state: State, operand: SyntaxWord, quoted: boolean): void {
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

/** `$(pwd)` is the folder; what another command prints is not known. */
function addCommand(state: State, part: Spanned, quoted: boolean): void {
  if (/^(?:\$\(|`|\$\{)\s*(?:pwd(?:\s+-[LP])?|echo\s+"?\$\{?PWD\}?"?)\s*(?:\)|`|;?\s*\})$/.test(part.text)) {
    const at = rangeAt(state.given.source, part.pos, part.end);
    push(state, { text: state.given.folder, at, written: undefined, exact: false });
    return;
  }
  addUnknown(state, part, "the output of a command is not known here", !quoted);
}

/** Text as it stands, as within single quotes. */
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

/** Where the text of a quoted part ends: in front of its closing quote, where there is one. */
function closedEnd(state: State, end: number, quote: string): number {
  return state.given.source.text[end - 1] === quote ? end - 1 : end;
}

function splitRaw(state: State, start: number, end: number): void {
  const { text } = state.given.source;
  for (const match of text.slice(start, end).matchAll(/[ \t\n\r]+|[^ \t\n\r]+/g)) {
    if (/^[ \t\n\r]/.test(match[0])) nextField(state);
    else addLiteral(state, start + match.index, start + match.index + match[0].length, false);
  }
}
