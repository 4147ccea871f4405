import { append, type Piece, passage, rangeAt, slice } from "../passage.ts";
import type { Surroundings } from "../read/line-facts.ts";
import type { Binding } from "../shell/scope.ts";
import { type Hosted, type Line, linesIn, pieceOf, type ShellText } from "./host.ts";
import { type MakeValue, type MakeVariables, newMakeVariables, referenceEnd } from "./make-variables.ts";
import { standIn } from "./templates.ts";

/**
 * The recipes of a Makefile, each logical line a shell text of its own, with make's variables put in
 * (https://www.gnu.org/software/make/manual/make.html#Recipes).
 */
export function readMakefile(text: string, around: Surroundings): Hosted {
  const lines = logicalLines(linesIn(text));
  const variables = newMakeVariables(around, /\$[({]eval\b/.test(text));
  for (const line of lines) if (!line.recipe) variables.define(line.pieces);
  const texts = lines.flatMap((line) =>
    line.recipe ? [recipeText(line.pieces, variables)] : inlineRecipe(line.pieces, variables),
  );
  return { texts, commands: [], gaps: [] };
}

/** A line with those that a backslash at its end joins to it. */
interface LogicalLine {
  readonly recipe: boolean;
  /** One for each physical line: with its backslash, without what ends it. */
  readonly pieces: readonly Piece[];
}

function logicalLines(lines: readonly Line[]): readonly LogicalLine[] {
  const found: LogicalLine[] = [];
  let inRule = false;
  let index = 0;
  while (index < lines.length) {
    const first = lines[index];
    if (!first) break;
    const recipe = first.text.startsWith("\t") && inRule;
    const pieces: Piece[] = [pieceOf(first, recipe ? 1 : 0)];
    let last: Line | undefined = first;
    index += 1;
    while (last && endsInBackslash(last.text) && index < lines.length) {
      last = lines[index];
      // A recipe's continuation loses the tab that it starts with.
      if (last) pieces.push(pieceOf(last, recipe && last.text.startsWith("\t") ? 1 : 0));
      index += 1;
    }
    if (!recipe && first.text.trim() !== "" && !/^\s*#/.test(first.text))
      inRule = isRule(first.text) || (inRule && /^(?:ifn?eq|ifn?def|else|endif)\b/.test(first.text));
    found.push({ recipe, pieces });
  }
  return found;
}

function endsInBackslash(text: string): boolean {
  const slashes = /\\+$/.exec(text)?.[0].length ?? 0;
  return slashes % 2 === 1;
}

function isRule(text: string): boolean {
  return /^[^\t#=:][^#=:]*:(?!:?:?=)/.test(text);
}

/** `target: deps ; command`. */
function inlineRecipe(pieces: readonly Piece[], variables: MakeVariables): readonly ShellText[] {
  const [first, ...rest] = pieces;
  const match = first && /^[^\s#=:][^#=:]*::?(?!=)[^=;#]*;/.exec(first.text);
  if (!first || !match) return [];
  const cut = {
    ...first,
    text: first.text.slice(match[0].length),
    at: { start: first.at.start + match[0].length, end: first.at.end },
  };
  return [recipeText([cut, ...rest], variables)];
}

/** The recipe's line as the shell gets it: without `@`, `-` and `+`, references put in, `$$` made one. */
function recipeText(lines: readonly Piece[], variables: MakeVariables): ShellText {
  const bindings = new Map<string, Binding>();
  const pieces: Piece[] = [];
  for (const [index, line] of lines.entries()) {
    const prefix = index === 0 ? (/^[\s@+-]*/.exec(line.text)?.[0].length ?? 0) : 0;
    const source = passage([line]);
    append(pieces, expandReferences(source, prefix, variables, bindings));
    const end = line.at.end;
    pieces.push({ text: "\n", at: { start: end, end }, written: undefined, exact: false });
  }
  return { source: passage(pieces), variables: bindings };
}

const reference = /\$(?:\$|\(|\{|.)/g;

function expandReferences(
  source: ReturnType<typeof passage>,
  start: number,
  variables: MakeVariables,
  bindings: Map<string, Binding>,
): readonly Piece[] {
  const pieces: Piece[] = [];
  const { text } = source;
  let from = start;
  reference.lastIndex = start;
  for (let match = reference.exec(text); match; match = reference.exec(text)) {
    append(pieces, slice(source, from, match.index));
    const end = referenceEnd(text, match.index);
    const at = rangeAt(source, match.index, end);
    if (match[0] === "$$") pieces.push({ text: "$", at, written: undefined, exact: false });
    else {
      const written = text.slice(match.index, end);
      append(pieces, placed(variables.valueBehind(written), at, bindings));
    }
    from = end;
    reference.lastIndex = end;
  }
  append(pieces, slice(source, from, text.length));
  return pieces;
}

/** A variable's value at the place of its reference; what is not known becomes a variable of the shell. */
function placed(value: MakeValue, at: Piece["at"], bindings: Map<string, Binding>): readonly Piece[] {
  return value.map((part) => {
    if (part.unknown) {
      const name = `make_${bindings.size}`;
      bindings.set(name, { kind: "unknown", ...part.unknown });
      return standIn(name, at);
    }
    const { text, exact } = part;
    const origin = part.written ?? part.at;
    const hasPlace = origin.end > origin.start;
    return { text, at, written: hasPlace ? origin : undefined, exact: exact && hasPlace };
  });
}
