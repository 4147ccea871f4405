import type { Range } from "../passage.ts";

/** What stands between two words: blanks, or an end of line with what continues it. */
export interface Gap {
  readonly text: string;
  readonly lineEnds: boolean;
}

/** The text between two offsets, where it is nothing but what separates words. */
export function gapBetween(file: string, { start, end }: Range): Gap | undefined {
  if (end <= start) return undefined;
  const text = file.slice(start, end);
  const [first = "", ...more] = text.split("\n");
  if (more.length === 0) return /^[ \t]+$/.test(text) ? { text, lineEnds: false } : undefined;
  const isClean =
    /^[ \t]*\\?\r?$/.test(first) &&
    more.every((line, index) =>
      index === more.length - 1 ? /^[ \t>]*$/.test(line) : /^[ \t>]*\\?\r?$/.test(line),
    );
  return isClean ? { text, lineEnds: true } : undefined;
}

/** The gap in front of the first flag. */
export function gapBefore(file: string, end: number): Gap {
  let start = end;
  while (start > 0 && /[ \t]/.test(file[start - 1] ?? "")) start -= 1;
  const blanks = file.slice(start, end);
  let lineStart = start;
  while (lineStart > 0 && /[ \t>]/.test(file[lineStart - 1] ?? "")) lineStart -= 1;
  if (file[lineStart - 1] !== "\n") return { text: blanks, lineEnds: false };
  const above = /[ \t]*\\?\r?\n$/.exec(file.slice(Math.max(0, lineStart - 80), lineStart))?.[0] ?? "\n";
  return { text: above + file.slice(lineStart, end), lineEnds: true };
}

/** What to put between a flag and the next one on a line of its own: one line end, and the last line's indentation. */
export function continuation(gap: Gap): string {
  const head = gap.text.slice(0, gap.text.indexOf("\n") + 1);
  return head + gap.text.slice(gap.text.lastIndexOf("\n") + 1);
}
