import { readScript } from "../../../src/formats/run-command/scripts.ts";
import type { ContainerSubject } from "../../../src/model/subject.ts";
import { memoryFiles } from "../memory-files.ts";

/** Whose word is taken: the program that a file is written for. */
export type Oracle = "bash" | "make";

/** What a program really passed to `docker`, each call's arguments. */
export type Calls = readonly (readonly string[])[];

/** A file that was run, and what came of it. */
export interface Kept {
  readonly oracle: Oracle;
  readonly text: string;
  readonly calls: Calls;
}

/** A container as the reader sees it: undefined where a word is open. */
type Read = readonly (string | undefined)[];

/**
 * What the reader says otherwise than the calls that were really made; undefined where they agree. A word that the reader
 * leaves open agrees with any, and a gap or a missing image with any call. Lines are known by their image, `image1`, `image2`…
 */
export function disagreement({ oracle, text, calls }: Kept): string | undefined {
  const reading = readScript(text, "f", oracle === "bash" ? "shell" : "makefile", memoryFiles({}, {}));
  const isOpen = reading.gaps.length > 0;
  const read = new Map<string, Read[]>();
  for (const subject of reading.subjects) {
    if (subject.kind !== "container") continue;
    const { image, command } = wordsOf(subject);
    if (image === undefined) return undefined;
    read.set(image, [...(read.get(image) ?? []), command]);
  }
  const made = new Map<string, (readonly string[])[]>();
  for (const [verb, , image = "", ...words] of calls)
    if (verb === "run") made.set(image, [...(made.get(image) ?? []), words]);
  for (const [image, all] of made) {
    const readers = read.get(image);
    if (readers === undefined) {
      if (isOpen) continue;
      return `${image} was run, and the reader has neither a container nor a gap`;
    }
    for (const words of all)
      if (!isOpen && !readers.some((each) => agree(each, words, oracle)))
        return `${image} ran ${JSON.stringify(words)}; the reader has ${JSON.stringify(readers)}`;
    // What it is sure of must have happened.
    for (const each of readers)
      if (!each.includes(undefined) && !all.some((words) => agree(each, words, oracle)))
        return `the reader is sure of ${image} ${JSON.stringify(each)}; it ran ${JSON.stringify(all)}`;
  }
  return undefined;
}

function wordsOf(subject: ContainerSubject): { image: string | undefined; command: Read } {
  const [view] = subject.views;
  const image = view?.image.state === "set" ? String(view.image.value) : undefined;
  return {
    image,
    command: (view?.command ?? []).map((each) => (each.state === "set" ? each.value : undefined)),
  };
}

/** An open word may be none, one or several; what make puts in may end the command, too. */
function agree(read: Read, words: readonly string[], oracle: Oracle): boolean {
  const open = read.indexOf(undefined);
  if (open < 0) return read.length === words.length && read.every((each, index) => each === words[index]);
  if (oracle === "make") return read.slice(0, open).every((each, index) => each === words[index]);
  const [first, ...rest] = read;
  if (first !== undefined) return first === words[0] && agree(rest, words.slice(1), oracle);
  if (rest.length === 0) return true;
  return [...words.keys(), words.length].some((index) => agree(rest, words.slice(index), oracle));
}
