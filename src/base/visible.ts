/**
 * Names, messages and source lines come from files and engines that may be hostile. A terminal must not obey
 * an escape sequence in them, and a reader must not be fooled by text that runs backwards.
 */

// Controls, format characters (bidi overrides, zero-width space, …), line separators and lone surrogates. The
// zero-width joiner stays: emoji are made with it.
const invisible = /(?!\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The text with each character that cannot be seen spelled out: `\x1b`, `\n`, `\u202e`. A tab is a space. */
export function visible(text: string): string {
  return text.replace(invisible, spell);
}

/** A name that somebody elsewhere chose, such as a host's: nothing in it is hidden or runs backwards, and it is never blank. */
export function shownName(name: string): string {
  // Letters that have no width or ink of their own: https://www.unicode.org/charts/nameslist/n_3100.html
  const seen = visible(name)
    .replace(/[\u115f\u1160\u2800\u3164\uffa0]/g, " ")
    .trim();
  return seen === "" ? "(no name)" : seen;
}

function spell(character: string): string {
  if (character === "\t") return " ";
  if (character === "\n") return "\\n";
  if (character === "\r") return "\\r";
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, "0")}`;
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
