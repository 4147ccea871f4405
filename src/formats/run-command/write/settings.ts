import type { Edit } from "../../../model/writing.ts";
import type { Range } from "../passage.ts";
import type { Line, Slot, Unit } from "./line.ts";
import { isPlain, type Spelling } from "./quote.ts";

/** The flags of a job's container stand in its `options:`; where it has none, they get one below its `image:`. */
export function optionsInsertion(
  line: Line,
  gone: readonly boolean[],
  added: readonly Slot[],
  manner: Manner,
): Edit | undefined {
  const glued = usesEquals(line);
  const flags = (offset: number) => added.map((slot) => flagText(slot, glued, offset, manner)).join(" ");
  const units = line.units.filter(isWritten);
  const kept = line.units.findLast((unit, index) => isWritten(unit) && !gone[index]);
  if (kept) return edit(manner, kept.at.end, kept.at.end, ` ${flags(kept.at.end)}`);
  const [first] = units;
  if (first) return edit(manner, first.at.start, first.at.start, flags(first.at.start));
  const image = line.rest[0]?.at;
  if (!image) return undefined;
  const { start, end, text } = lineAround(manner.text, image.start);
  const indent = /^([ \t]+)image:[ \t]/.exec(text)?.[1];
  if (indent === undefined) return undefined;
  const lineEnd = manner.text[start - 2] === "\r" ? "\r\n" : "\n";
  return edit(manner, end, end, `${lineEnd}${indent}options: ${flags(end)}`);
}

/** Flags that go out of `options:`, and entries that go with their lines. */
export function settingRemovals(
  line: Line,
  gone: readonly boolean[],
  manner: Manner,
): readonly Edit[] | undefined {
  const edits: Edit[] = [];
  const whole = emptiedOptions(line, gone, manner);
  if (whole) edits.push(whole);
  for (const [index, unit] of line.units.entries()) {
    if (!gone[index] || (whole && isWritten(unit))) continue;
    const removal = unit.entry ? entryRemoval(line, gone, unit, manner) : optionRemoval(line, index, manner);
    if (!removal) return undefined;
    edits.push(removal);
  }
  return edits;
}

/**
 * What becomes of `options:` where nothing of it stays: its line goes too, unless nothing else would show that the
 * container has settings.
 */
function emptiedOptions(line: Line, gone: readonly boolean[], manner: Manner): Edit | undefined {
  const written = line.units.filter(isWritten);
  const [first] = written;
  const last = written.at(-1);
  const isAdding = line.slots.some((slot) => !slot.place && !slot.removed);
  if (!first || !last || isAdding || !line.units.every((unit, index) => gone[index] || !isWritten(unit))) {
    return undefined;
  }
  const { start, next, text } = lineAround(manner.text, first.at.start);
  const before = text.slice(0, first.at.start - start);
  const isAlone =
    /^[ \t]+options:[ \t]+["']?$/.test(before) &&
    last.at.end < next &&
    /^["']?[ \t]*$/.test(text.slice(last.at.end - start));
  const others = line.units.some((unit, index) => unit.entry && !gone[index]);
  if (isAlone && others) return edit(manner, start, next, "");
  return edit(manner, first.at.start, last.at.end, /["']$/.test(before) ? "" : '""');
}

/** A flag with the blank behind it; the last one with the blank in front, where one stays there. */
function optionRemoval(line: Line, index: number, manner: Manner): Edit {
  const at = line.units[index]?.at ?? { start: 0, end: 0 };
  const next = line.units[index + 1];
  const gap = next && isWritten(next) && gapBetween(manner.text, { start: at.end, end: next.at.start });
  if (gap) return edit(manner, at.start, at.end + gap.text.length, "");
  const before = line.units[index - 1];
  const isKept =
    before && isWritten(before) && line.slots.some((slot) => slot.place?.unit === index - 1 && !slot.removed);
  const blank = isKept && gapBetween(manner.text, { start: before.at.end, end: at.start });
  return edit(manner, blank ? before.at.end : at.start, at.end, "");
}

/** `- /a:/b` with its line, and with the list's key where nothing else stands in it. */
function entryRemoval(line: Line, gone: readonly boolean[], unit: Unit, manner: Manner): Edit | undefined {
  const value = unit.value?.at;
  if (!value) return undefined;
  const { start, next, text } = lineAround(manner.text, value.start);
  const before = manner.text.slice(start, value.start);
  const after = text.slice(value.end - start);
  if (!/^[ \t]*-[ \t]+["']?$/.test(before) || !/^["']?[ \t]*\r?$/.test(after)) return undefined;
  const siblings = line.units.filter((each) => each.entry && each.word.text === unit.word.text);
  const stays = siblings.some((each) => !gone[line.units.indexOf(each)]);
  const key = lineAround(manner.text, start - 1);
  const isAlone = !stays && siblings[0] === unit;
  if (isAlone && !/^[ \t]*(?:volumes|ports):[ \t]*\r?$/.test(key.text)) return undefined;
  return edit(manner, isAlone ? key.start : start, next, "");
}

function isWritten(unit: Unit): boolean {
  return unit.word.at.end > unit.word.at.start;
}

function lineAround(text: string, offset: number) {
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  const feed = text.indexOf("\n", offset);
  const whole = feed < 0 ? text.length : feed;
  const end = text[whole - 1] === "\r" && whole > start ? whole - 1 : whole;
  return { start, end, next: Math.min(whole + 1, text.length), text: text.slice(start, end) };
}

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

/** What a line is written with. */
export interface Manner extends Spelling {
  readonly file: string;
  readonly text: string;
  /** Whether new flags go on lines of their own where the others stand so. */
  readonly ownLines: boolean;
}

export function edit(manner: Manner, start: number, end: number, text: string): Edit {
  return { file: manner.file, start, end, text };
}

/** A word as the shell, or systemd, must see it, put into the file. */
export function spelled(text: string, offset: number, { quote, encode }: Spelling): string {
  return encode(text !== "" && isPlain(text) ? text : quote(text), offset);
}

/** A new flag with its value. */
export function flagText(slot: Slot, glued: boolean, offset: number, manner: Manner): string {
  const { flag, text } = slot;
  const short = flag.name === "volume" || flag.name === "publish" || flag.name === "env";
  const name = short ? `-${flag.short}` : `--${flag.name}`;
  if (text === undefined) return name;
  const value = spelled(text, offset, manner);
  return flag.takes === "boolean" || (glued && !short) ? `${name}=${value}` : `${name} ${value}`;
}

/** Whether the line's own long flags have their values behind an equals sign. */
export function usesEquals({ units }: Line): boolean {
  const long = units.filter((unit) => unit.word.text.startsWith("--"));
  const separate = long.filter((unit) => unit.value !== undefined).length;
  const glued = long.filter((unit) => unit.value === undefined && unit.word.text.includes("=")).length;
  return glued > separate;
}
