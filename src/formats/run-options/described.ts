import { unknownWord, type Word } from "../run-command/word.ts";
import { made } from "./words.ts";

/** A container that a file describes, as the words behind `docker run`. */
export interface Described {
  readonly words: readonly Word[];
  /** Keys that its reader does not know: each leaves open whatever it could say. */
  readonly unknown?: readonly UnknownKey[];
  /** What it is called where its name is not known. */
  readonly title?: string | undefined;
  /** Where its description begins and ends. */
  readonly at: { readonly start: number; readonly end: number };
}

export interface UnknownKey {
  readonly key: string;
  readonly at: { readonly start: number; readonly end: number };
}

/** Why facts are open beside a key that is not known. */
export function whyOpen({ key }: UnknownKey): string {
  return `bulkhead does not know the key ${key}, which may change this`;
}

/** The words of the container, with one that may be any options for each unknown key. */
export function wordsWithUnknown({ words, unknown = [] }: Described): readonly Word[] {
  const open = unknown.map((each) => unknownWord(each.at, { source: each.key, reason: whyOpen(each) }));
  return [...open, ...words];
}

/**
 * What runs in the container, as docker run takes it: the first word of the entrypoint as an option, the others and the command
 * behind the image.
 */
export function commandWords(
  entrypoint: readonly Word[],
  command: readonly Word[],
): { readonly option: readonly Word[]; readonly behind: readonly Word[] } {
  const [first, ...rest] = entrypoint;
  const flag = first ? [made("--entrypoint", { text: "", start: first.at.start }), first] : [];
  return { option: flag, behind: [...rest, ...command] };
}
