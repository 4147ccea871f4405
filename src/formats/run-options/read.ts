import type { ShortLived } from "../../model/container-values.ts";
import type { Gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import type { Dialect } from "../run-command/dialect.ts";
import { folderOf } from "../run-command/folder.ts";
import { type ReadContainer, readContainer } from "../run-command/read/container.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import { readingOf } from "../run-command/subjects.ts";
import type { Word } from "../run-command/word.ts";
import { locator } from "../values/positions.ts";

/** A container that a file describes, as the words behind `docker run`. */
export interface Described {
  readonly words: readonly Word[];
  /** What it is called where its name is not known. */
  readonly title?: string | undefined;
  /** Where its description begins and ends. */
  readonly at: { readonly start: number; readonly end: number };
}

export interface Descriptions {
  readonly found: readonly Described[];
  readonly gaps: readonly Gap[];
}

export interface OptionsFormat {
  readonly describe: (text: string, around: Surroundings) => Descriptions;
  readonly dialect: Dialect;
  /** Where its containers end by themselves. All others run in the background, so that `--rm` makes none of them a job. */
  readonly job?: ShortLived;
}

/** Reads a file that says docker run's options in its own way. */
export function readOptions(
  text: string,
  file: string,
  io: Files,
  { describe, dialect, job }: OptionsFormat,
): Reading {
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  const { found: described, gaps } = describe(text, around);
  const found = described.map(({ words, at, title }) => ({
    read: asJob(withTitle(readContainer(words, around, undefined, dialect), title), job),
    location: around.locate(at),
    source: dialect.source,
  }));
  return readingOf(found, file, gaps);
}

function withTitle(read: ReadContainer, title: string | undefined): ReadContainer {
  return read.name === undefined && title !== undefined ? { ...read, name: title } : read;
}

function asJob(read: ReadContainer, job: ShortLived | undefined): ReadContainer {
  const { job: _, ...container } = read.container;
  return { ...read, container: job ? { ...container, job } : container };
}
