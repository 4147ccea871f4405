import { append, type Piece, passage, type Range, rangeAt, slice } from "../passage.ts";
import type { Binding } from "../shell/scope.ts";
import { type Hole, hole, type Word, wordOf } from "../word.ts";
import type { Entry } from "./yaml-text.ts";

/** A text in which templates stand, made into shell: each template is a variable of which nothing is known. */
export interface Filled {
  readonly pieces: readonly Piece[];
  readonly variables: ReadonlyMap<string, Binding>;
}

/** Replaces what `pattern` finds in the text. `name` is what the stand-in variables start with. */
export function fillTemplates(pieces: readonly Piece[], pattern: RegExp, name: string): Filled {
  const source = passage(pieces);
  const filled: Piece[] = [];
  const variables = new Map<string, Binding>();
  let from = 0;
  for (const match of source.text.matchAll(pattern)) {
    const variable = `${name}_${variables.size}`;
    const [written] = match;
    const end = match.index + written.length;
    const reason = `${written.slice(0, 80)} is not known here`;
    variables.set(variable, { kind: "unknown", reason, source: written });
    append(filled, slice(source, from, match.index));
    filled.push(standIn(variable, rangeAt(source, match.index, end)));
    from = end;
  }
  append(filled, slice(source, from, source.text.length));
  return { pieces: filled, variables };
}

/** The shell's reference to a variable, at the place of what it stands for. */
export function standIn(variable: string, at: Piece["at"]): Piece {
  return { text: `\${${variable}}`, at, written: undefined, exact: false };
}

/**
 * A text in which templates stand, as one word: what `known` gives for a template is put in its place, every other one is left
 * open.
 */
export function templateWord(
  pieces: readonly Piece[],
  pattern: RegExp,
  known: (template: string) => string | undefined = () => undefined,
): Word {
  const source = passage(pieces);
  const filled: Piece[] = [];
  const holes: Hole[] = [];
  let from = 0;
  for (const match of source.text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    const text = known(match[0]);
    append(filled, slice(source, from, match.index));
    filled.push({
      text: text ?? hole,
      at: rangeAt(source, match.index, end),
      written: undefined,
      exact: false,
    });
    if (text === undefined)
      holes.push({ source: match[0], reason: `${match[0].slice(0, 80)} is not known here` });
    from = end;
  }
  append(filled, slice(source, from, source.text.length));
  return wordOf(filled, spanOf(pieces), holes);
}

/** Words that the file implies, at the place of what implies them. */
export function impliedWords(texts: readonly string[], { start }: Range): readonly Word[] {
  const at = { start, end: start };
  return texts.map((text) => wordOf([{ text, at, written: undefined, exact: false }], at));
}

/** `NAME=value`, from an entry's key and the pieces of its value. */
export function assignmentPieces({ key, keyPieces }: Entry, value: readonly Piece[]): readonly Piece[] {
  const end = value[0]?.at.start ?? keyPieces.at(-1)?.at.end ?? 0;
  const equals: Piece = { text: "=", at: { start: end, end }, written: undefined, exact: false };
  return [...(keyPieces.length > 0 ? keyPieces : [{ ...equals, text: key }]), equals, ...value];
}

/** From the first piece to the last; nothing at the start where there is none. */
export function spanOf(pieces: readonly Piece[]): Range {
  if (pieces.length === 0) return { start: 0, end: 0 };
  const starts = pieces.map((piece) => piece.at.start);
  const ends = pieces.map((piece) => piece.at.end);
  return { start: Math.min(...starts), end: Math.max(...ends) };
}
