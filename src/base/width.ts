/** How much room text takes in a terminal. Columns, not characters: CJK and most emoji take two. */

// Characters that stand for themselves in one column each: ASCII, Latin, and the signs that reports draw with.
const simple = /^[\x20-\x7e\u00a1-\u02ff\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u257f\u2713\u2717]*$/;
// Loading the segmenter's data takes tens of milliseconds, and most reports never need it.
let segmenter: Intl.Segmenter | undefined;
const emoji = /\p{Emoji_Presentation}|\ufe0f|\p{Regional_Indicator}/u;
const markOnly = /^[\p{M}\p{Cf}]+$/u;
// Unicode's East_Asian_Width W and F, in the blocks that hold nearly all of them (UAX #11).
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;

/** The characters as a reader counts them, with the offset (UTF-16 units) of each. */
export function graphemes(text: string): readonly { readonly text: string; readonly index: number }[] {
  if (simple.test(text)) return [...text].map((character, index) => ({ text: character, index }));
  segmenter ??= new Intl.Segmenter("en", { granularity: "grapheme" });
  return [...segmenter.segment(text)].map(({ segment, index }) => ({ text: segment, index }));
}

/** Columns of one grapheme. */
export function graphemeWidth(grapheme: string): number {
  if (simple.test(grapheme)) return grapheme.length;
  if (markOnly.test(grapheme)) return 0;
  return emoji.test(grapheme) || wide.test(grapheme) ? 2 : 1;
}

/** Columns of a text without control characters. */
export function displayWidth(text: string): number {
  if (simple.test(text)) return text.length;
  return graphemes(text).reduce((sum, { text: one }) => sum + graphemeWidth(one), 0);
}

/** Spaces on the right, up to `width` columns. */
export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

/** Spaces on the left, up to `width` columns. */
export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** At most `width` columns; what is cut off ends with `mark`. */
export function truncate(text: string, width: number, mark = "…"): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(mark);
  let used = 0;
  let kept = "";
  for (const { text: one } of graphemes(text)) {
    used += graphemeWidth(one);
    if (used > room) break;
    kept += one;
  }
  return kept.trimEnd() + mark;
}

/** At most `width` columns; what is cut off begins with `mark`: the end of a path tells more than its start. */
export function truncateStart(text: string, width: number, mark = "…"): string {
  if (displayWidth(text) <= width) return text;
  const room = width - displayWidth(mark);
  let used = 0;
  let kept = "";
  for (const { text: one } of graphemes(text).toReversed()) {
    used += graphemeWidth(one);
    if (used > room) break;
    kept = one + kept;
  }
  return mark + kept;
}

/** Lines of at most `width` columns, broken at spaces; a longer word is broken where it must. */
export function wrap(text: string, width: number): readonly string[] {
  const room = Math.max(8, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/).filter((part) => part !== "")) {
    const joined = line === "" ? word : `${line} ${word}`;
    if (displayWidth(joined) <= room) {
      line = joined;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = chop(word, room);
    line = pieces.pop() ?? "";
    lines.push(...pieces);
  }
  return line === "" ? lines : [...lines, line];
}

function chop(word: string, room: number): string[] {
  if (displayWidth(word) <= room) return [word];
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const { text: one } of graphemes(word)) {
    const size = graphemeWidth(one);
    if (used + size > room) {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += one;
    used += size;
  }
  return [...pieces, piece];
}
