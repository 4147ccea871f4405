import type { Origin } from "../../model/origin.ts";
import type { locator, Span } from "../values/positions.ts";

/** An argument of dockerd. */
export interface Word {
  readonly text: string;
  readonly origin: Origin;
  /** Where the text from an offset on stands; the whole word's place where that cannot be told. */
  readonly originFrom?: (offset: number) => Origin;
  /** Why the text is not known: `$DOCKER_OPTS is not set here`. */
  readonly unknown?: string;
}

/** Arguments that come from somewhere without places of its own, such as a process's command line. */
export function wordsFrom(texts: readonly string[], origin: Origin): readonly Word[] {
  return texts.map((text) => ({ text, origin }));
}

/** How a variable is put in: its value and where it is written; undefined where it is not known. */
export type Variables = (name: string) => { readonly value: string; readonly origin: Origin } | undefined;

export interface Splitting {
  /** The shell ends a command at `;`, `&`, `|`, a newline and a redirection; a unit's value ends with its line. */
  readonly syntax: "shell" | "systemd";
  readonly locate: ReturnType<typeof locator>;
  readonly variables: Variables;
}

interface Draft {
  text: string;
  start: number;
  end: number;
  /** Whether the text stands in the file character by character from `start` on. */
  plain: boolean;
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
  let draft: Draft | undefined;
  let quote = "";
  let index = start;

  const open = (): Draft => {
    draft ??= { text: "", start: index, end: index, plain: true, unknown: undefined, origin: undefined };
    return draft;
  };
  const close = () => {
    if (draft) words.push(wordOf(draft, locate));
    draft = undefined;
  };
  const add = (text: string, length: number, plain: boolean) => {
    const word = open();
    if (!plain) word.plain = false;
    word.text += text;
    index += length;
    word.end = index;
  };

  while (index < end) {
    const char = source[index] ?? "";
    const continued = /^\\\r?\n/.exec(source.slice(index, index + 3))?.[0];
    if (quote !== "'" && continued) {
      if (syntax === "systemd" && quote === "") close();
      else if (draft) (draft as Draft).plain = false;
      index += continued.length;
    } else if (char === quote) {
      quote = "";
      add("", 1, false);
    } else if (quote === "" && (char === "'" || char === '"')) {
      // A quote around a whole word leaves its inside character by character.
      quote = char;
      add("", 1, false);
    } else if (char === "\\" && quote !== "'") add(source[index + 1] ?? "", 2, false);
    else if (char === "$" && (quote !== "'" || syntax === "systemd")) takeVariable();
    else if (quote !== "") add(char, 1, true);
    else if (/\s/.test(char)) {
      if (syntax === "shell" && char === "\n") break;
      close();
      index += 1;
    } else if (syntax === "shell" && /[;&|<>()#]/.test(char) && (char !== "#" || !draft)) break;
    else add(char, 1, true);
  }
  close();
  return { words, next: index };

  function takeVariable(): void {
    const match = /^\$(?:\{(\w+)\}|(\w+)|\$)/.exec(source.slice(index, Math.min(end, index + 256)));
    const written = match?.[0] ?? "$";
    const name = match?.[1] ?? match?.[2];
    const found = name === undefined ? undefined : variables(name);
    if (written === "$$" && syntax === "systemd") add("$", 2, false);
    else if (name === undefined) add("$", 1, true);
    else if (!found) {
      open().unknown ??= `${written} is not known here`;
      add(written, written.length, true);
    } else if (match?.[2] && syntax === "systemd" && standsAlone(written.length)) {
      // systemd splits a bare $NAME at white space; ${NAME} stays one word.
      for (const text of found.value.split(/\s+/)) if (text) words.push({ text, origin: found.origin });
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

function wordOf({ text, start, end, plain, unknown, origin }: Draft, locate: Splitting["locate"]): Word {
  const whole = origin ?? locate({ start, end });
  return {
    text,
    origin: whole,
    ...(plain && { originFrom: (offset: number) => locate({ start: start + offset, end }) }),
    ...(unknown !== undefined && { unknown }),
  };
}
