import { append } from "../passage.ts";
import { hole, type Word, wordFrom, wordOf } from "../word.ts";
import type { Flag } from "./flags.ts";

/** One thing that stands in front of the image. */
export type Argument =
  | {
      readonly kind: "flag";
      readonly flag: Flag;
      /** The value; undefined for a boolean without one. */
      readonly value: Word | undefined;
      /** The word that names the flag, cut to its letter where several stand together (`-itv`). */
      readonly spelled: Word;
    }
  /** A flag that Docker does not know; its value, if it has one, is left out. */
  | { readonly kind: "unknown-flag"; readonly name: string; readonly spelled: Word }
  /** A flag at the end that lacks its value. */
  | { readonly kind: "no-value"; readonly flag: Flag; readonly spelled: Word }
  /** A word that may stand for any flags. */
  | { readonly kind: "unresolved"; readonly spelled: Word };

export interface Arguments {
  readonly before: readonly Argument[];
  /** From the first word that is not a flag: the image and its command. */
  readonly rest: readonly Word[];
}

/** Looks a table of flags up by name and letter. */
export interface FlagTable {
  readonly byName: ReadonlyMap<string, Flag>;
  readonly byLetter: ReadonlyMap<string, Flag>;
}

export function flagTable(flags: readonly Flag[]): FlagTable {
  const byName = new Map(flags.map((flag) => [flag.name, flag]));
  return {
    byName: new Map(flags.map((flag) => [flag.name, byName.get(flag.aliasOf ?? "") ?? flag])),
    byLetter: new Map(flags.flatMap((flag) => (flag.short ? [[flag.short, flag] as const] : []))),
  };
}

/**
 * Splits arguments as the docker CLI does: flags stop at the first word that is none, or behind `--`
 * (spf13/pflag: FlagSet.parseArgs with SetInterspersed(false)).
 */
export function splitArguments(words: readonly Word[], table: FlagTable): Arguments {
  const before: Argument[] = [];
  let index = 0;
  while (index < words.length) {
    const word = words[index];
    if (!word) break;
    if (mayBeFlags(word, words.slice(index + 1, index + 2))) {
      before.push({ kind: "unresolved", spelled: word });
      index += 1;
      continue;
    }
    if (!word.text.startsWith("-") || word.text === "-") break;
    index += 1;
    if (word.text === "--") break;
    const taken = word.text.startsWith("--")
      ? long(word, words[index], words[index + 1], table)
      : letters(word, words[index], table);
    append(before, taken.found);
    if (taken.tookNext) index += 1;
  }
  return { before, rest: words.slice(index) };
}

interface Taken {
  readonly found: readonly Argument[];
  readonly tookNext: boolean;
}

function long(word: Word, next: Word | undefined, afterNext: Word | undefined, table: FlagTable): Taken {
  const equals = word.text.indexOf("=");
  const name = word.text.slice(2, equals < 0 ? undefined : equals);
  const flag = table.byName.get(name);
  if (!flag) {
    // Docker stops here. Where the next word cannot be the image, it is taken for the value.
    const tookNext =
      equals < 0 && next !== undefined && !next.text.startsWith("-") && afterNext !== undefined;
    return {
      found: [{ kind: "unknown-flag", name: `--${name.replaceAll(hole, "…")}`, spelled: word }],
      tookNext,
    };
  }
  if (equals >= 0) {
    return {
      found: [{ kind: "flag", flag, value: wordFrom(word, equals + 1), spelled: word }],
      tookNext: false,
    };
  }
  return withNext(flag, word, next);
}

function letters(word: Word, next: Word | undefined, table: FlagTable): Taken {
  const found: Argument[] = [];
  let index = 1;
  while (index < word.text.length) {
    const letter = word.text[index] ?? "";
    const flag = table.byLetter.get(letter);
    const spelled = letterOf(word, index);
    if (!flag) {
      const name = `-${letter === hole ? "…" : letter}`;
      return { found: [...found, { kind: "unknown-flag", name, spelled: word }], tookNext: false };
    }
    const rest = word.text.length - index - 1;
    // pflag wants something behind the equals sign; a lone `-v=` has the value `=`.
    if (rest > 1 && word.text[index + 1] === "=") {
      found.push({ kind: "flag", flag, value: wordFrom(word, index + 2), spelled });
      return { found, tookNext: false };
    }
    if (flag.takes === "boolean") {
      found.push({ kind: "flag", flag, value: undefined, spelled });
      index += 1;
      continue;
    }
    if (rest > 0) {
      found.push({ kind: "flag", flag, value: wordFrom(word, index + 1), spelled });
      return { found, tookNext: false };
    }
    const taken = withNext(flag, spelled, next);
    return { found: [...found, ...taken.found], tookNext: taken.tookNext };
  }
  return { found, tookNext: false };
}

function withNext(flag: Flag, spelled: Word, next: Word | undefined): Taken {
  if (flag.takes === "boolean") {
    return { found: [{ kind: "flag", flag, value: undefined, spelled }], tookNext: false };
  }
  if (!next) return { found: [{ kind: "no-value", flag, spelled }], tookNext: false };
  return { found: [{ kind: "flag", flag, value: next, spelled }], tookNext: true };
}

/** The word of a single letter: all of `-i`, only the `v` of `-itv`. */
function letterOf(word: Word, index: number): Word {
  if (word.text.length === 2) return word;
  const from = wordFrom(word, index);
  const piece = from.pieces[0];
  if (!piece?.exact) return word;
  const start = piece.at.start;
  return wordOf([{ ...piece, text: word.text[index] ?? "" }], {
    start,
    end: start + (piece.written ? 0 : 1),
  });
}

/**
 * Whether a word may hold flags: nothing of it is known, it may be several words, and its name does not say that it is
 * the image. A lone one at the end must be the image, unless its name speaks of options.
 */
function mayBeFlags(word: Word, following: readonly Word[]): boolean {
  if (!word.many || word.holes.length === 0 || word.text.replaceAll(hole, "") !== "") return false;
  const source = word.holes.map((each) => each.source).join("");
  if (/[@*]/.test(source)) return true;
  const name = /^\$[({]?([A-Za-z_]\w*)[)}]?$/.exec(source)?.[1] ?? "";
  const speaksOfFlags = /opt|arg|flag|param/i.test(source);
  const speaksOfImage = /ima?ge?s?(?![a-z])|img|tag|repo/i.test(name);
  if (speaksOfImage && !speaksOfFlags) return false;
  return following.length > 0 || speaksOfFlags;
}
