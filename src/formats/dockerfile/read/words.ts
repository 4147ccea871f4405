import { cut, type Joined, joinedOf } from "./joined.ts";

/** Words at white space, as FROM, COPY and the like are split. */
export function plainWords(line: Joined): readonly Joined[] {
  return [...line.text.matchAll(/[^\t\v\f\r ]+/g)].map((match) =>
    cut(line, match.index, match.index + match[0].length),
  );
}

/**
 * Words at white space outside quotes, with their quotes kept, as ENV and ARG are split
 * (moby/buildkit, frontend/dockerfile/parser/line_parsers.go: parseWords).
 */
export function quotedWords(line: Joined, escapeToken: string): readonly Joined[] {
  const words: Joined[] = [];
  let start = -1;
  let quote = "";
  for (let index = 0; index < line.text.length; index += 1) {
    const char = line.text[index] ?? "";
    if (quote === "" && /\s/.test(char)) {
      if (start !== -1) words.push(cut(line, start, index));
      start = -1;
      continue;
    }
    if (start === -1) start = index;
    if (char === escapeToken && quote !== "'") index += 1;
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (char === quote) quote = "";
  }
  if (start !== -1) words.push(cut(line, start));
  return words;
}

/** `NAME=VALUE` or, of ARG, `NAME`. The value is with its quotes. */
export interface Assignment {
  readonly name: string;
  readonly whole: Joined;
  readonly value: Joined | undefined;
}

/** What ENV or ARG assigns; ENV also in its old form, `ENV NAME VALUE`. */
export function assignmentsOf(keyword: string, line: Joined, escapeToken: string): readonly Assignment[] {
  const words = quotedWords(line, escapeToken);
  const first = words[0];
  if (keyword === "ENV" && first && !first.text.includes("=")) {
    const match = /^([^\t\v\f\r ]+)[\t\v\f\r ]+/.exec(line.text);
    if (!match) return [];
    return [{ name: match[1] ?? "", whole: line, value: cut(line, match[0].length) }];
  }
  return words.map((word) => {
    const equals = word.text.indexOf("=");
    if (equals === -1) return { name: word.text, whole: word, value: undefined };
    return { name: word.text.slice(0, equals), whole: word, value: cut(word, equals + 1) };
  });
}

/** The strings of an exec form, `["a", "b"]`, with where each stands; undefined where it is shell form. */
export function execForm(
  line: Joined,
): readonly { readonly text: string; readonly at: Joined }[] | undefined {
  if (!line.text.startsWith("[")) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line.text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed)) return undefined;
  const literals = [...line.text.matchAll(/"(?:[^"\\]|\\.)*"/g)];
  const items: { text: string; at: Joined }[] = [];
  for (const [index, text] of parsed.entries()) {
    if (typeof text !== "string") return undefined;
    const literal = literals[index];
    const at = literal
      ? cut(line, literal.index + 1, literal.index + literal[0].length - 1)
      : joinedOf("", 0);
    items.push({ text, at });
  }
  return items;
}
