import { append, joinPieces, type Passage, type Piece, passage, slice } from "../passage.ts";
import { hole, type Word } from "../word.ts";
import type { Binding } from "./scope.ts";

/** A script that stands in an argument, with what is known of its unknown parts. */
export interface Payload {
  readonly source: Passage;
  readonly variables: Map<string, Binding>;
}

/** A part that is not known stays one for the shell that reads the payload. */
export function payloadOf(script: Word): Payload {
  const variables = new Map<string, Binding>();
  const pieces = script.pieces.map((piece): Piece => {
    if (piece.text !== hole) return piece;
    const name = `unknown_${variables.size}`;
    const known = script.holes[variables.size];
    const reason = known?.reason ?? "a part of it is not known here";
    variables.set(name, { kind: "unknown", reason, ...(known && { source: known.source }) });
    return { ...piece, text: `\${${name}}` };
  });
  return { source: passage(joinPieces(pieces)), variables };
}

/**
 * The inside of backticks, which the parser gives with its escapes taken out, at its place in the file: a backslash in
 * front of `$`, a backtick or a backslash is dropped.
 */
export function backtickSource(own: string, outer: Passage, start: number, end: number): Passage {
  const text = outer.text.slice(start, end);
  const pieces: Piece[] = [];
  let from = 1;
  for (let index = 1; index < text.length - 1; index += 1) {
    if (text[index] !== "\\" || !'$`\\"'.includes(text[index + 1] ?? " ")) continue;
    append(pieces, slice(outer, start + from, start + index));
    from = index + 1;
    index += 1;
  }
  append(pieces, slice(outer, start + from, start + Math.max(from, text.length - 1)));
  const source = passage(pieces);
  if (source.text === own) return source;
  const [first] = slice(outer, start, end);
  const at = first ? { start: first.at.start, end: first.at.start + text.length } : { start: 0, end: 0 };
  return passage([{ text: own, at, written: undefined, exact: false }]);
}
