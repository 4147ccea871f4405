import { append, type Passage, type Piece, passage, rangeAt, slice } from "../passage.ts";
import { mostArguments } from "../shell/limits.ts";
import type { Binding } from "../shell/scope.ts";
import { type Hole, hole, unknownWord, type Word, wordOf } from "../word.ts";

/** What specifiers (`%n`) and variables (`$NAME`) of a unit stand for. */
export interface UnitValues {
  readonly specifiers: ReadonlyMap<string, string>;
  readonly variables: ReadonlyMap<string, Binding>;
  /** Characters that variables may still put in. */
  readonly budget: { left: number };
}

/**
 * Splits a command line as systemd does: quotes at a word's ends, C escapes, `%` specifiers, `${NAME}` within a word and
 * `$NAME` alone (which splits), `$$` for a dollar, and a lone `;` between commands. With `assignments`, the value is
 * that of `Environment=`, where a dollar is a dollar.
 */
export function splitSystemdCommand(
  value: readonly Piece[],
  values: UnitValues,
  assignments = false,
): readonly (readonly Word[])[] {
  const source = passage(value);
  const commands: Word[][] = [[]];
  const tokens = tokensOf(source);
  for (const token of tokens.slice(0, mostArguments)) {
    const current = commands.at(-1);
    if (!current) continue;
    if (!assignments && token.raw === ";") {
      commands.push([]);
      continue;
    }
    if (assignments) current.push(wordFrom(source, token, values, true));
    else append(current, wordsFrom(source, token, values));
  }
  const left = tokens[mostArguments];
  if (left) {
    const reason = `only the first ${mostArguments} arguments were read`;
    commands
      .at(-1)
      ?.push(unknownWord(rangeAt(source, left.start, left.end), { reason, source: "further arguments" }));
  }
  return assignments ? commands : commands.map(withoutPrefixes);
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly raw: string;
}

/** Words with their quotes; a quote may stand anywhere, as systemd takes `--a="b c"` for one word. */
function tokensOf(source: Passage): readonly Token[] {
  const { text } = source;
  const tokens: Token[] = [];
  let index = 0;
  while (index < text.length) {
    if (/\s/.test(text[index] ?? "")) {
      index += 1;
      continue;
    }
    const start = index;
    let quote = "";
    for (; index < text.length; index += 1) {
      const letter = text[index] ?? "";
      if (letter === "\\") index += 1;
      else if (quote !== "") quote = letter === quote ? "" : quote;
      else if (letter === '"' || letter === "'") quote = letter;
      else if (/\s/.test(letter)) break;
    }
    const end = Math.min(index, text.length);
    tokens.push({ start, end, raw: text.slice(start, end) });
  }
  return tokens;
}

/** A word that is nothing but `$NAME` becomes as many as its value has. */
function wordsFrom(source: Passage, token: Token, values: UnitValues): readonly Word[] {
  const alone = /^\$([A-Za-z_]\w*)$/.exec(token.raw)?.[1];
  if (alone === undefined) return [wordFrom(source, token, values, false)];
  const binding = affordable(values, alone);
  const at = rangeAt(source, token.start, token.end);
  if (binding?.kind !== "text") {
    const unknown: Hole = { reason: `the variable ${alone} is not known here`, source: token.raw };
    return [wordOf([{ text: hole, at, written: undefined, exact: false }], at, [unknown], true)];
  }
  const inner = passage(binding.pieces);
  return tokensOf(inner).map(({ start, end, raw }) => {
    const quoted = raw.length > 1 && /^(["']).*\1$/s.test(raw) ? 1 : 0;
    return wordOf(
      slice(inner, start + quoted, end - quoted).map((piece) => moved(piece, at)),
      at,
    );
  });
}

/** A variable's value, as long as the budget lasts. */
function affordable(values: UnitValues, name: string): Binding | undefined {
  const binding = values.variables.get(name);
  if (binding?.kind === "text") {
    for (const piece of binding.pieces) values.budget.left -= piece.text.length;
  }
  return values.budget.left < 0 ? undefined : binding;
}

function moved(piece: Piece, at: Piece["at"]): Piece {
  return { ...piece, at, written: piece.written ?? piece.at };
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  s: " ",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

function wordFrom(source: Passage, token: Token, values: UnitValues, assignments: boolean): Word {
  const { text } = source;
  const pieces: Piece[] = [];
  const holes: Hole[] = [];
  const exactTo = (from: number, to: number) => append(pieces, slice(source, from, to));
  const replaced = (start: number, end: number, put: string) =>
    pieces.push({ text: put, at: rangeAt(source, start, end), written: undefined, exact: false });
  const open = (start: number, end: number, reason: string) => {
    replaced(start, end, hole);
    holes.push({ reason, source: text.slice(start, end) });
  };
  let quote = "";
  let from = token.start;
  let index = token.start;
  const jump = (to: number) => {
    index = to;
    from = to;
  };
  while (index < token.end) {
    const rest = text.slice(index, Math.min(index + 256, token.end));
    const letter = rest[0] ?? "";
    const variable = assignments ? null : /^\$(?:\$|\{([A-Za-z_]\w*)\})/.exec(rest);
    if (quote !== "" ? letter === quote : letter === '"' || letter === "'") {
      exactTo(from, index);
      quote = quote === "" ? letter : "";
      jump(index + 1);
    } else if (letter === "\\" && index + 1 < token.end) {
      exactTo(from, index);
      const width = /^\\x[\da-f]{2}/i.test(rest) ? 4 : 2;
      const put =
        width === 4
          ? String.fromCharCode(Number.parseInt(rest.slice(2, 4), 16))
          : (escapes[rest[1] ?? ""] ?? rest[1] ?? "");
      replaced(index, index + width, put.replaceAll(hole, ""));
      jump(index + width);
    } else if (letter === "%" && index + 1 < token.end) {
      exactTo(from, index);
      const known = values.specifiers.get(rest[1] ?? "");
      if (known === undefined) open(index, index + 2, `the specifier %${rest[1]} is not known here`);
      else replaced(index, index + 2, known);
      jump(index + 2);
    } else if (variable) {
      exactTo(from, index);
      const end = index + variable[0].length;
      const binding = affordable(values, variable[1] ?? "");
      if (variable[1] === undefined) replaced(index, end, "$");
      else if (binding?.kind === "text") {
        append(
          pieces,
          binding.pieces.map((piece) => moved(piece, rangeAt(source, index, end))),
        );
      } else open(index, end, `the variable ${variable[1]} is not known here`);
      jump(end);
    } else index += 1;
  }
  exactTo(from, token.end);
  return wordOf(pieces, rangeAt(source, token.start, token.end), holes);
}

/** `-`, `+`, `!`, `:` and `|` stand in front of the program; behind `@` it is told another name. */
function withoutPrefixes(words: readonly Word[]): readonly Word[] {
  const [first, ...rest] = words;
  if (!first) return words;
  const prefix = /^[-@:+!|]*/.exec(first.text)?.[0] ?? "";
  if (prefix === "") return words;
  const source = passage(first.pieces);
  const pieces = slice(source, prefix.length, source.text.length);
  const at = { start: pieces[0]?.at.start ?? first.at.start, end: first.at.end };
  const program = wordOf(pieces, at, first.holes);
  return [program, ...(prefix.includes("@") ? rest.slice(1) : rest)];
}
