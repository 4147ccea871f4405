import type { Edit } from "../../../model/writing.ts";
import type { Line, Slot } from "./line.ts";
import { isPlain, type Spelling } from "./quote.ts";

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
