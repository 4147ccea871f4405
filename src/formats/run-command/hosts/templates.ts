import { append, type Piece, passage, rangeAt, slice } from "../passage.ts";
import type { Binding } from "../shell/scope.ts";

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
