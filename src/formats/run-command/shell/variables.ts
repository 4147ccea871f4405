import { cutPiece, type Piece, type Range, rangeAt } from "../passage.ts";
import { type Hole, hole } from "../word.ts";
import { type Expansion, nextField, push, pushHole, type State } from "./fields.ts";
import { mostArguments } from "./limits.ts";
import type { Binding } from "./scope.ts";

/** No word is followed further: variables can double one another. */
const longest = 65_536;

export type Spanned = { readonly pos: number; readonly end: number; readonly text: string };

export function addUnknown(state: State, part: Spanned, reason: string, many: boolean): void {
  pushHole(state, rangeAt(state.given.source, part.pos, part.end), part.text, reason, many);
}

export function addVariable(state: State, part: Spanned, name: string, quoted: boolean): void {
  const binding = bindingOf(state.given, name);
  if (binding) addBinding(state, part, binding, quoted, name === "@");
  else addUnknown(state, part, unknownVariable(name), !quoted || name === "@");
}

export function unknownVariable(name: string): string {
  if (/^\d+$/.test(name)) return `the argument $${name} is not known here`;
  if (name === "@" || name === "*") return "the arguments of the script are not known here";
  return `the variable ${name} is not known here`;
}

/** What the script assigned, or one of the few variables that every shell has. */
export function bindingOf(given: Expansion, name: string): Binding | undefined {
  const binding = given.scope.get(name);
  const isEveryShells = name === "HOME" || name === "PWD" || name === "XDG_RUNTIME_DIR";
  if (binding && !(isEveryShells && binding.kind === "unknown")) return binding;
  if (name === "HOME") return known(given.home);
  // https://specifications.freedesktop.org/basedir-spec/latest/: a folder of the user's own. Whose it is changes nothing here.
  if (name === "XDG_RUNTIME_DIR") return known("/run/user/1000");
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

export function addBinding(
  state: State,
  part: Spanned,
  binding: Binding,
  quoted: boolean,
  all: boolean,
  joined = false,
): void {
  if (binding.kind === "unknown") {
    const written = binding.source === undefined ? part : { ...part, text: binding.source };
    addUnknown(state, written, binding.reason, !quoted || all);
    return;
  }
  const at = rangeAt(state.given.source, part.pos, part.end);
  if (binding.kind === "text") {
    if (all && binding.unset) return;
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
    // "${NAME[*]}" is one word, with the first character of IFS between the items.
    if (index > 0 && joined && quoted) push(state, { text: " ", at, written: undefined, exact: false });
    else if (index > 0) nextField(state);
    state.current.present = true;
    addPieces(state, at, word.pieces, true, part, word.holes);
    if (word.many) state.current.many = true;
  }
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
  const separators = quoted ? undefined : state.given.scope.own("IFS");
  if (separators && !(separators.kind === "text" && separators.unset)) {
    addUnknown(state, part, "the script sets IFS, at whose characters it is split", true);
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
