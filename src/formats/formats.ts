import type { Source } from "../model/subject.ts";
import { ansible } from "./ansible/format.ts";
import { compose } from "./compose/format.ts";
import { daemonJson, dockerdUnit } from "./daemon-json/format.ts";
import { devcontainer } from "./devcontainer/format.ts";
import { dockerfile } from "./dockerfile/format.ts";
import type { Format, Nouns, SourceWords } from "./format.ts";
import { jenkins } from "./jenkins/format.ts";
import { quadlet } from "./quadlet/format.ts";
import { runLine, script } from "./run-command/format.ts";
import { terraform } from "./terraform/format.ts";

/** Every format of files, in the order in which they are asked whether a file is theirs. */
const list = {
  compose,
  dockerfile,
  "daemon-json": daemonJson,
  quadlet,
  devcontainer,
  jenkins,
  terraform,
  ansible,
  "dockerd-unit": dockerdUnit,
  script,
  "run-line": runLine,
} satisfies Readonly<Record<string, Format>>;

export type FormatName = keyof typeof list;

export const formats: Readonly<Record<FormatName, Format>> = list;
export const formatNames = Object.keys(list) as readonly FormatName[];

/** What a reader makes of an input; some hand on more to the writer of their format. */
export type InputReading = Awaited<ReturnType<(typeof list)[FormatName]["read"]>>;

/** What the Engine and the kernel show. */
const running: SourceWords = { title: "", nouns: ["container", "containers"] };
const live = { "engine-api": running, kernel: running } satisfies Partial<Record<Source, SourceWords>>;

type ListedSource =
  | keyof typeof live
  | { readonly [N in FormatName]: keyof (typeof list)[N]["sources"] }[FormatName];

const words: Readonly<Record<ListedSource, SourceWords>> = Object.assign(
  {},
  live,
  ...Object.values(list).map((format) => format.sources),
);

export const sources = Object.keys(words) as readonly Source[];

/** A source that no format lists does not compile here. */
export function wordsOf(source: Source): SourceWords {
  return words[source];
}

/** One of the subjects and several, as a reader of a report calls them. */
export function nounsOf(source: Source, file: string): Nouns {
  const { nouns } = wordsOf(source);
  return typeof nouns === "function" ? nouns(file) : nouns;
}

const written: ReadonlySet<string> = new Set(
  Object.values(formats).flatMap(({ write, sources: own }) =>
    Object.entries(own).flatMap(([source, { isReadOnly }]) => (write && !isReadOnly ? [source] : [])),
  ),
);

/** Whether a fix can be written where the subject was read. */
export function isWritten(source: Source): boolean {
  return written.has(source);
}
