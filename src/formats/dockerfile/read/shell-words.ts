/** A word of a line, with its quotes, by the offsets at which it stands. */
export interface RawWord {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const deepest = 64;

/**
 * Splits a line the way BuildKit looks for heredocs in it: at white space outside quotes, with every quote and escape
 * kept. Undefined where BuildKit cannot split it (an open quote, a substitution that it does not know), for then
 * it finds no heredoc at all. Source: moby/buildkit, frontend/dockerfile/shell/lex.go and parser/parser.go.
 */
export function heredocWords(line: string): readonly RawWord[] | undefined {
  const words: RawWord[] = [];
  let start = -1;
  let index = 0;
  const close = (end: number) => {
    if (start !== -1) words.push({ text: line.slice(start, end), start, end });
    start = -1;
  };
  while (index < line.length) {
    const char = line[index] ?? "";
    if (isSpace(char)) {
      close(index);
      index += 1;
      continue;
    }
    if (start === -1) start = index;
    if (char === "$") {
      const end = afterDollar(line, index);
      if (end === undefined) return undefined;
      // What a variable holds is split again, whatever quotes are in it.
      for (; index < end; index += 1) {
        if (isSpace(line[index] ?? "")) close(index);
        else if (start === -1) start = index;
      }
      continue;
    }
    const end = afterQuoted(line, index);
    if (end === undefined) return undefined;
    index = end;
  }
  close(line.length);
  return words;
}

/** The offset behind a quoted part, an escaped or a plain character; undefined where a quote stays open. */
function afterQuoted(line: string, index: number, depth = 0): number | undefined {
  const char = line[index];
  if (char === "\\") return Math.min(line.length, index + 2);
  if (char === "'") {
    const end = line.indexOf("'", index + 1);
    return end === -1 ? undefined : end + 1;
  }
  if (char !== '"') return index + 1;
  let at = index + 1;
  while (at < line.length) {
    if (line[at] === '"') return at + 1;
    if (line[at] === "$") {
      const end = afterDollar(line, at, depth + 1);
      if (end === undefined) return undefined;
      at = end;
    } else at += line[at] === "\\" ? 2 : 1;
  }
  return undefined;
}

/** The offset behind `$NAME`, `${…}` or a lone `$`; undefined for a substitution that BuildKit refuses. */
function afterDollar(line: string, index: number, depth = 0): number | undefined {
  if (line[index + 1] !== "{") return index + 1 + nameAt(line, index + 1).length;
  if (depth > deepest) return undefined;
  const name = nameAt(line, index + 2);
  if (name === "" && "{}:".includes(line[index + 2] ?? "}")) return undefined;
  let at = index + 2 + name.length;
  if (line[at] === "}") return at + 1;
  if (line[at] === "/") {
    const middle = afterStop(line, at + (line[at + 1] === "/" ? 2 : 1), "/", depth);
    return middle === undefined ? undefined : afterStop(line, middle, "}", depth);
  }
  if (line[at] === ":") at += 1;
  return "+-?#%".includes(line[at] ?? " ") ? afterStop(line, at + 1, "}", depth) : undefined;
}

function afterStop(line: string, start: number, stop: string, depth: number): number | undefined {
  let at = start;
  while (at < line.length) {
    if (line[at] === stop) return at + 1;
    const end = line[at] === "$" ? afterDollar(line, at, depth + 1) : afterQuoted(line, at, depth + 1);
    if (end === undefined) return undefined;
    at = end;
  }
  return undefined;
}

/** The variable's name at an offset: letters, digits and underscores, digits alone, or one special character. */
export function nameAt(text: string, index: number): string {
  variableName.lastIndex = index;
  return variableName.exec(text)?.[0] ?? "";
}

const variableName = /[0-9]+|[@*#?\-$!]|[\p{L}_][\p{L}\p{Nd}_]*/uy;

function isSpace(char: string): boolean {
  return /\s/.test(char);
}
