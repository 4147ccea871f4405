import { cut, type Joined, trimmed } from "./joined.ts";

/** `--name=value` in front of an instruction's arguments. */
export interface Flag {
  readonly name: string;
  /** Without quotes and escapes. */
  readonly value: string;
  /** The value as it stands in the file. */
  readonly source: Joined;
}

/** Takes the flags off; the rest is what the instruction is about. */
export function takeFlags(line: Joined): { readonly flags: readonly Flag[]; readonly rest: Joined } {
  const flags: Flag[] = [];
  const pattern = /--((?:\\.|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"'\\])*)(?:\s+|$)/y;
  let end = 0;
  for (let match = pattern.exec(line.text); match; match = pattern.exec(line.text)) {
    end = pattern.lastIndex;
    const word = match[1] ?? "";
    if (word === "") break;
    const equals = word.indexOf("=");
    const from = match.index + 2 + (equals === -1 ? word.length : equals + 1);
    flags.push({
      name: word.slice(0, equals === -1 ? undefined : equals).toLowerCase(),
      value: equals === -1 ? "" : word.slice(equals + 1).replace(/\\(.)|["']/g, "$1"),
      source: cut(line, from, match.index + 2 + word.length),
    });
  }
  return { flags, rest: trimmed(cut(line, end)) };
}
