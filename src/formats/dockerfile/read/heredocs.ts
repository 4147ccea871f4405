import { heredocWords, type RawWord } from "./shell-words.ts";

/** `<<NAME` as a line announces it. */
export interface HeredocStart {
  readonly name: string;
  /** `<<-`: leading tabs are taken off. */
  readonly chomp: boolean;
  readonly word: RawWord;
}

/**
 * The heredocs that an ADD, COPY or RUN announces, in order. As BuildKit has it, only a word that begins with `<<`
 * (or a descriptor's number and `<<`) is one: not `cat<<EOF`, not `<< EOF`, not `<<<EOF`, not one in quotes.
 */
export function heredocsIn(line: string): readonly HeredocStart[] {
  if (!line.includes("<<")) return [];
  return (heredocWords(line) ?? []).flatMap((word) => {
    const match = /^\d*<<(-?)\s*([^<]+)$/.exec(word.text);
    const name = match?.[2] === undefined ? undefined : unquoted(match[2]);
    return name ? [{ name, chomp: match?.[1] === "-", word }] : [];
  });
}

/** Without quotes and escapes. */
function unquoted(word: string): string {
  let text = "";
  let quote = "";
  for (let index = 0; index < word.length; index += 1) {
    const char = word[index] ?? "";
    if (char === quote) quote = "";
    else if (quote === "" && (char === "'" || char === '"')) quote = char;
    else if (char === "\\" && quote !== "'") {
      index += 1;
      text += word[index] ?? "";
    } else text += char;
  }
  return text;
}
