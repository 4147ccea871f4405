import { type Piece, rangeAt, slice } from "../passage.ts";
import { hole } from "../word.ts";
import { nextField, push, pushHole, type State } from "./fields.ts";

/** Text as it stands, as within single quotes. */
export function addRaw(state: State, start: number, end: number): void {
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
export function addLiteral(state: State, start: number, end: number, inQuotes: boolean): void {
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
export function closedEnd(state: State, end: number, quote: string): number {
  return state.given.source.text[end - 1] === quote ? end - 1 : end;
}

export function splitRaw(state: State, start: number, end: number): void {
  const { text } = state.given.source;
  for (const match of text.slice(start, end).matchAll(/[ \t\n\r]+|[^ \t\n\r]+/g)) {
    if (/^[ \t\n\r]/.test(match[0])) nextField(state);
    else addLiteral(state, start + match.index, start + match.index + match[0].length, false);
  }
}
