import { type Dialect, dockerRun } from "../dialect.ts";
import type { Range } from "../passage.ts";
import type { Argument } from "../read/arguments.ts";
import { splitArguments } from "../read/arguments.ts";
import type { Flag } from "../read/flags.ts";
import type { Word } from "../word.ts";

/** One flag of a line while patches are made. */
export interface Slot {
  readonly flag: Flag;
  /** The text of its value, with holes for what is not known; undefined for a boolean that stands alone. */
  readonly text: string | undefined;
  readonly removed: boolean;
  /** Where it is written; undefined for one that a patch adds. */
  readonly place: FlagPlace | undefined;
}

export interface FlagPlace {
  /** The number of the unit that it is a part of. */
  readonly unit: number;
  readonly spelled: Word;
  readonly value: Word | undefined;
  /** Whether the flag's name stands in the command itself, so that it can be taken out. */
  readonly here: boolean;
  /** Whether the value does, so that it can be changed. */
  readonly valueHere: boolean;
}

/** One word that names flags (`--memory`, `-itP`), with the word behind it that is its value. */
export interface Unit {
  readonly word: Word;
  readonly value: Word | undefined;
  readonly at: Range;
  /** A word that may hold unknown flags. */
  readonly open: boolean;
  /** An entry of a list, which the flag is only read from: `volumes:` of a job's container. */
  readonly entry: boolean;
}

export interface Line {
  readonly units: readonly Unit[];
  /** The flags in their order; those that patches add stand last. */
  readonly slots: readonly Slot[];
  /** The words from the image on. */
  readonly rest: readonly Word[];
  /** The first word behind the flags: the image, or the `--` in front of it. */
  readonly next: Word | undefined;
  /** The image's new name, where a patch gives one. */
  readonly image: string | undefined;
  /** Whether it is no command but the settings of a job's container, whose flags stand in `options:`. */
  readonly isSettings: boolean;
  readonly dialect: Dialect;
}

/** The flags of a command, with what belongs together. */
export function lineOf(words: readonly Word[], dialect: Dialect = dockerRun): Line {
  const { before, rest } = splitArguments(words, dialect.table);
  const end = words.length - rest.length;
  const lonely = lonelyWords(words);
  const units: Unit[] = [];
  const slots: Slot[] = [];
  let cursor = 0;
  let letter = 0;
  for (const [index, argument] of before.entries()) {
    const word = words[cursor];
    if (!word) break;
    const value = valueBehind(argument, words[cursor + 1], before[index + 1], cursor + 1 < end);
    letter += 1;
    const isLast = isLastOf(argument, word, letter);
    if (argument.kind === "flag") {
      const here = nameStandsHere(word, lonely) || isEntry(word, value);
      slots.push({
        flag: argument.flag,
        text: argument.value?.text,
        removed: false,
        place: {
          unit: units.length,
          spelled: argument.spelled,
          value: argument.value,
          here: here && (!value || lonely.has(value)),
          valueHere: argument.value === value ? value !== undefined && lonely.has(value) : here,
        },
      });
    }
    if (!isLast) continue;
    units.push(unitOf(word, value, argument.kind === "unresolved"));
    cursor += value ? 2 : 1;
    letter = 0;
  }
  const isSettings = words[0]?.at.start === words[0]?.at.end;
  return {
    units,
    slots,
    rest,
    next: isSettings ? undefined : words[cursor],
    image: undefined,
    isSettings,
    dialect,
  };
}

function unitOf(word: Word, value: Word | undefined, open: boolean): Unit {
  return {
    word,
    value,
    at: { start: word.at.start, end: Math.max(word.at.end, value?.at.end ?? 0) },
    open,
    entry: isEntry(word, value),
  };
}

/** The word that an argument takes behind its own. */
function valueBehind(
  argument: Argument,
  next: Word | undefined,
  following: Argument | undefined,
  isFlag: boolean,
): Word | undefined {
  if (!next) return undefined;
  if (argument.kind === "flag") return argument.value === next ? next : undefined;
  if (argument.kind !== "unknown-flag" || !isFlag) return undefined;
  const begins = following && following.spelled.at.start >= next.at.start;
  const inNext = begins && following.spelled.at.end <= next.at.end;
  return inNext || next.text === "--" ? undefined : next;
}

/** Whether nothing more of the word is left: `-it` is two arguments in one word. */
function isLastOf(argument: Argument, word: Word, letter: number): boolean {
  const isLong = word.text.startsWith("--") || argument.kind !== "flag";
  return isLong || argument.value !== undefined || letter >= word.text.length - 1;
}

/** The words that are all that their place in the file gives: not one of several out of a variable. */
function lonelyWords(words: readonly Word[]): ReadonlySet<Word> {
  const ordered = words.toSorted((a, b) => a.at.start - b.at.start || a.at.end - b.at.end);
  const lonely = new Set<Word>();
  let reach = -1;
  for (const [index, word] of ordered.entries()) {
    const { start, end } = word.at;
    const next = ordered[index + 1];
    if (end > start && start >= reach && !(next && next.at.start < end)) lonely.add(word);
    reach = Math.max(reach, end);
  }
  return lonely;
}

/** A value of an implied flag. */
function isEntry(word: Word, value: Word | undefined): boolean {
  return word.at.start === word.at.end && value !== undefined && /^-[vp]$/.test(word.text);
}

function nameStandsHere(word: Word, lonely: ReadonlySet<Word>): boolean {
  const [first] = word.pieces;
  return lonely.has(word) && first !== undefined && first.written === undefined;
}
