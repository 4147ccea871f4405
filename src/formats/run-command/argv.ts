import type { Container } from "../../model/container.ts";
import type { Gap } from "../../model/gap.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Files } from "../../model/reading.ts";
import { locator } from "../values/positions.ts";
import { dockerRun } from "./dialect.ts";
import { folderOf } from "./folder.ts";
import { splitArguments } from "./read/arguments.ts";
import { readContainer } from "./read/container.ts";
import type { Surroundings } from "./read/line-facts.ts";
import { parseBoolean } from "./read/scalars.ts";
import { type Word, wordOf } from "./word.ts";
import type { Reader } from "./write/facts.ts";
import { type Line, lineOf, type Slot } from "./write/line.ts";
import { planPatch } from "./write/plan.ts";
import { isWhatWasMeant } from "./write/same.ts";

/** The arguments of `docker run` as a program gets them, read. */
export interface ReadArguments {
  readonly container: Container;
  /** `--name`, where it is given. */
  readonly name: string | undefined;
  /** Undefined where none is named, which docker refuses. */
  readonly image: string | undefined;
  /** `--help` or `--quiet` stands there. */
  readonly help: boolean;
  readonly quiet: boolean;
  /** What the last flag of a name is given; of a boolean that stands alone, "true". */
  readonly lastOf: (name: string) => string | undefined;
  /** What docker would refuse. */
  readonly gaps: readonly Gap[];
}

/** What origins call the arguments. */
const place = "docker run";

/** Reads the arguments behind `docker run`, without a shell: nothing in them is expanded. */
export function readRunArguments(texts: readonly string[], io: Files): ReadArguments {
  const words = wordsOf(texts);
  const { around, passed } = readerOf(texts, io);
  const { container, name, image, help, gaps } = readContainer(words, around, passed);
  const given = new Map(
    splitArguments(words, dockerRun.table).before.flatMap((argument) =>
      argument.kind === "flag" ? [[argument.flag.name, argument.value?.text ?? "true"] as const] : [],
    ),
  );
  const lastOf = (flag: string) => given.get(flag);
  const quiet = parseBoolean(lastOf("quiet") ?? "false") === true;
  return { container, name, image, help, quiet, lastOf, gaps };
}

/** The arguments with one more flag behind all others, where it wins over one of its name. */
export function withLastFlag(texts: readonly string[], ...flag: readonly string[]): readonly string[] {
  const words = wordsOf(texts);
  const { next, rest } = lineOf(words);
  const first = next ?? rest[0];
  const at = first === undefined ? texts.length : words.indexOf(first);
  return [...texts.slice(0, at), ...flag, ...texts.slice(at)];
}

export interface WrittenArguments {
  readonly arguments: readonly string[];
  /** The flags that were added or changed, for saying so. */
  readonly flags: readonly (readonly string[])[];
  readonly refused: readonly { readonly patch: ContainerPatch; readonly reason: string }[];
}

/**
 * The arguments with the patches made; what no patch speaks of stays word for word. The result is read again: a patch that
 * would not say exactly what it means is refused.
 */
export function writeRunArguments(
  texts: readonly string[],
  patches: readonly ContainerPatch[],
  io: Files,
): WrittenArguments {
  const words = wordsOf(texts);
  const before = readRunArguments(texts, io).container;
  const made: ContainerPatch[] = [];
  const refused: { patch: ContainerPatch; reason: string }[] = [];
  let line = lineOf(words);
  let spelled = texts;
  for (const patch of patches) {
    const planned = planPatch(line, patch, readerOf(texts, io));
    if (!planned.ok) {
      refused.push({ patch, reason: planned.reason });
      continue;
    }
    const result = argumentsOf(planned.value, words);
    if (!isWhatWasMeant(before, [...made, patch], readRunArguments(result, io).container)) {
      refused.push({ patch, reason: "it cannot be said beside the flags that are there" });
      continue;
    }
    made.push(patch);
    line = planned.value;
    spelled = result;
  }
  const flags = line.slots.filter((slot) => !slot.removed && isChanged(slot)).map(flagOf);
  return { arguments: spelled, flags, refused };
}

function readerOf(texts: readonly string[], io: Files): Reader {
  const text = texts.map((each) => ` ${each}  `).join("");
  const around: Surroundings = { file: place, io, locate: locator(place, text), folder: folderOf(place) };
  return {
    around,
    passed(name) {
      const value = io.environment[name];
      return value === undefined ? undefined : wordAt(value, 0);
    },
  };
}

/** Each word stands as if in quotes, so that an empty one has a place, too. */
function wordsOf(texts: readonly string[]): readonly Word[] {
  let start = 0;
  return texts.map((text) => {
    const word = wordAt(text, start);
    start = word.at.end + 1;
    return word;
  });
}

function wordAt(text: string, start: number): Word {
  const at = { start: start + 1, end: start + 1 + text.length };
  return wordOf([{ text, at, written: undefined, exact: true }], { start, end: at.end + 1 });
}

/** New flags go behind all others, in front of the image. */
function argumentsOf(line: Line, words: readonly Word[]): readonly string[] {
  const flags = line.units.flatMap((unit, index) => {
    const slots = line.slots.filter(({ place: at }) => at?.unit === index);
    if (slots.some(isChanged)) return slots.filter(({ removed }) => !removed).flatMap(flagOf);
    return unit.value ? [unit.word.text, unit.value.text] : [unit.word.text];
  });
  const added = line.slots.filter((slot) => !slot.place && !slot.removed).flatMap(flagOf);
  const image = line.rest[0];
  const dashes = words[words.length - line.rest.length - 1];
  const separator = dashes?.text === "--" && dashes === line.next ? ["--"] : [];
  const rest = line.rest.map((word) => (word === image ? (line.image ?? word.text) : word.text));
  return [...flags, ...added, ...separator, ...rest];
}

function isChanged({ place: at, text, removed }: Slot): boolean {
  return removed || !at || text !== at.value?.text;
}

function flagOf({ flag, text }: Slot): readonly string[] {
  if (text === undefined) return [`--${flag.name}`];
  return flag.takes === "boolean" ? [`--${flag.name}=${text}`] : [`--${flag.name}`, text];
}
