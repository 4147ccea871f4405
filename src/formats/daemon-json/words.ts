import type { Origin } from "../../model/origin.ts";
import type { Span } from "../values/positions.ts";

/** An argument of dockerd. */
export interface Word {
  readonly text: string;
  readonly origin: Origin;
  /** Where a part of the text stands, to its end by default; missing where escapes or variables make it up. */
  readonly originFrom?: (start: number, end?: number) => Origin;
  /** Why the text is not known: `$DOCKER_OPTS is not set here`. */
  readonly unknown?: string;
}

/** A command with more words than this is not read to its end. */
export const mostWords = 10_000;

/** Arguments without places in a file, such as a process's command line. */
export function wordsFrom(texts: readonly string[], origin: Origin): readonly Word[] {
  return texts.map((text) => ({ text, origin }));
}

/** A variable's value and where it is written, whole and in part. */
export interface VariableValue {
  readonly value: string;
  readonly origin: Origin;
  readonly originFrom?: (start: number, end?: number) => Origin;
}

/** Undefined for a variable that is not known. */
export type Variables = (name: string) => VariableValue | undefined;

/** Stands in a text for a part that only the script which writes the text knows. */
export const openPart = "\uFFFC";

export const openReason = "a part of it is known only when the script runs";

export interface Splitting {
  /** The shell ends a command at `;`, `&`, `|`, a newline and a redirection; a unit's value ends with its line. */
  readonly syntax: "shell" | "systemd";
  readonly locate: (span: Span) => Origin;
  readonly variables: Variables;
}

interface OpenWord {
  text: string;
  start: number;
  end: number;
  /** Where the text's first character stands; -1 where the text does not stand in the file as it is. */
  textStart: number;
  unknown: string | undefined;
  origin: Origin | undefined;
}

/**
 * Splits a command line, or what stands between `start` and `end` of it, into words with their places: quotes, escapes
 * and continued lines as the shell and systemd have them, variables put in. `next` is where the command ends.
 */
export function splitWords(
  source: string,
  { start, end }: Span,
  { syntax, locate, variables }: Splitting,
): { readonly words: readonly Word[]; readonly next: number } {
  const words: Word[] = [];
  let draft: OpenWord | undefined;
  let quote = "";
  let index = start;

  const open = (): OpenWord => {
    draft ??= { text: "", start: index, end: index, textStart: index, unknown: undefined, origin: undefined };
    return draft;
  };
  const close = () => {
    if (draft) words.push(wordOf(draft, locate));
    draft = undefined;
  };
  const add = (text: string, length: number, plain: boolean) => {
    const word = open();
    if (text === openPart) word.unknown ??= openReason;
    if (word.text === "" && text !== "") word.textStart = index;
    if (text !== "" && (!plain || index !== word.textStart + word.text.length)) word.textStart = -1;
    word.text += text;
    index += length;
    word.end = index;
  };

  while (index < end && words.length <= mostWords) {
    const char = source[index] ?? "";
    const continued = char === "\\" ? continuation(source, index, syntax) : 0;
    if (quote !== "'" && continued > 0) {
      if (syntax === "systemd" && quote === "") close();
      index += continued;
    } else if (char === quote) {
      quote = "";
      add("", 1, false);
    } else if (quote === "" && (char === "'" || char === '"')) {
      quote = char;
      add("", 1, false);
    } else if (char === "\\" && quote !== "'") add(source[index + 1] ?? "", 2, false);
    else if (char === "$" && (quote !== "'" || syntax === "systemd")) takeVariable();
    else if (quote !== "") add(char, 1, true);
    else if (/\s/.test(char)) {
      if (syntax === "shell" && char === "\n") break;
      close();
      index += 1;
    } else if (syntax === "shell" && takeRedirection()) continue;
    else if (syntax === "shell" && char === "#" && !draft) {
      index = lineEnd(source, index);
      break;
    } else if (syntax === "shell" && /[;&|()]/.test(char)) break;
    else add(char, 1, true);
  }
  close();
  return { words, next: words.length > mostWords ? end : index };

  /** `2>&1`, `> /var/log/docker`: no word of the command's. */
  function takeRedirection(): boolean {
    redirection.lastIndex = index;
    if (!redirection.test(source)) return false;
    if (draft && /^\d+$/.test(draft.text)) draft = undefined;
    else close();
    index = Math.min(end, redirection.lastIndex);
    return true;
  }

  function takeVariable(): void {
    const match = /^\$(?:\{(\w+)\}|(\w+)|\$)/.exec(source.slice(index, Math.min(end, index + 256)));
    const written = match?.[0] ?? "$";
    const name = match?.[1] ?? match?.[2];
    const found = name === undefined ? undefined : variables(name);
    if (written === "$$" && syntax === "systemd") add("$", 2, false);
    else if (name === undefined || (match?.[2] && syntax === "systemd" && !standsAlone(written.length))) {
      // systemd expands $NAME only as a separate word (systemd.service(5)).
      add("$", 1, true);
    } else if (!found) {
      open().unknown ??= `${written} is not known here`;
      add(written, written.length, true);
    } else if (match?.[2] && syntax === "systemd") {
      // systemd splits a bare $NAME at white space; ${NAME} stays one word.
      for (const match of found.value.matchAll(/\S+/g)) {
        const from = match.index;
        const origin = found.originFrom?.(from, from + match[0].length) ?? found.origin;
        const originFrom =
          found.originFrom &&
          ((start: number, end = match[0].length) => found.originFrom?.(from + start, from + end) ?? origin);
        words.push({ text: match[0], origin, ...(originFrom && { originFrom }) });
      }
      index += written.length;
    } else {
      open().origin ??= found.origin;
      add(found.value, written.length, false);
    }
  }

  function standsAlone(length: number): boolean {
    return !draft && quote === "" && (index + length >= end || /\s/.test(source[index + length] ?? ""));
  }
}

const redirection = /&?[<>]+[&|]?[ \t]*[^\s;&|<>()]*/y;

function lineEnd(source: string, from: number): number {
  const feed = source.indexOf("\n", from);
  return feed === -1 ? source.length : feed;
}

/** How many characters a backslash at a line's end takes up; systemd also leaves out comment lines behind it. */
function continuation(source: string, index: number, syntax: Splitting["syntax"]): number {
  const ending = /\\\r?\n/y;
  ending.lastIndex = index;
  if (!ending.test(source)) return 0;
  let next = ending.lastIndex;
  if (syntax === "shell") return next - index;
  const comment = /[ \t]*[#;][^\n]*\n/y;
  for (comment.lastIndex = next; comment.test(source); next = comment.lastIndex);
  return next - index;
}

function wordOf(
  { text, start, end, textStart, unknown, origin }: OpenWord,
  locate: Splitting["locate"],
): Word {
  const part = (from: number, to = text.length) => locate({ start: textStart + from, end: textStart + to });
  return {
    text,
    origin: origin ?? locate({ start, end }),
    ...(textStart >= 0 && !origin && { originFrom: part }),
    ...(unknown !== undefined && { unknown }),
  };
}
