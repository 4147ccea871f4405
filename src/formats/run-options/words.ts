import { hole, unknownWord, type Word, wordOf } from "../run-command/word.ts";

/** A text with the offset that it stands at in the file. */
export interface Placed {
  readonly text: string;
  readonly start: number;
  /** How long it is in the file, where that differs from the text: quotes, escapes. */
  readonly length?: number;
}

/** An option of docker run that a format says in its own way: the flag is made up, the value stands in the file. */
export function option(name: string, value: Placed): readonly Word[] {
  return [made(`--${name}`, value), wordAt(value)];
}

/** `NAME=value` where the value alone stands in the file, as a member of an object does. */
export function named(name: string, value: Placed): Word {
  const word = wordAt(value);
  const front = { start: word.at.start, end: word.at.start };
  return wordOf(
    [{ text: `${name}=`, at: front, written: undefined, exact: false }, ...word.pieces],
    word.at,
    word.holes,
  );
}

/** An implied word, at the place of the option that implies it. */
export function made(text: string, { start, text: said }: Placed): Word {
  const at = { start, end: start + said.length };
  return wordOf([{ text, at, written: undefined, exact: false }], at);
}

/** `${localEnv:HOME}`, `$HOME`, systemd's `%h`. */
const variable = /\$\{[^}]*\}|\$[A-Za-z_]\w*|%[a-zA-Z](?![a-zA-Z])/g;

/** A word of the file. What only the tool that reads it can fill in is left open. */
export function wordAt({ text, start, length }: Placed): Word {
  const at = { start, end: start + (length ?? text.length) };
  const holes = [...text.matchAll(variable)].map(([source]) => ({
    source,
    reason: `${source} is not known here`,
  }));
  const known = text.replaceAll(variable, hole);
  return wordOf(
    [{ text: known, at, written: undefined, exact: holes.length === 0 && length === undefined }],
    at,
    holes,
  );
}

/** A word that the file does not say, with the reason. */
export function openWord(reason: string, start: number): Word {
  const at = { start, end: start };
  return wordOf([{ text: hole, at, written: undefined, exact: false }], at, [{ source: "", reason }]);
}

/** The words of a text as a shell splits them, with quotes and backslashes; nothing is expanded. */
export function splitWords({ text, start }: Placed): readonly Placed[] {
  const words: Placed[] = [];
  for (const match of text.matchAll(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs)) {
    const bare = match[0].replaceAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs, (_, double, single, escaped) =>
      double !== undefined ? String(double).replaceAll(/\\(["\\$`])/g, "$1") : (single ?? escaped ?? ""),
    );
    const isQuoted = match[0].slice(1, -1) === bare;
    const from = start + match.index + (isQuoted ? 1 : 0);
    const isSame = isQuoted || bare === match[0];
    words.push({ text: bare, start: from, ...(isSame ? {} : { length: match[0].length }) });
  }
  return words;
}

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
