import type { ShortLived } from "../../model/container-values.ts";
import { type Gap, gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import type { Dialect } from "../run-command/dialect.ts";
import { folderOf } from "../run-command/folder.ts";
import type { Hosted } from "../run-command/hosts/host.ts";
import { type ReadContainer, readContainer } from "../run-command/read/container.ts";
import type { Surroundings } from "../run-command/read/line-facts.ts";
import { readHosted } from "../run-command/scripts.ts";
import { readingOf } from "../run-command/subjects.ts";
import { locator } from "../values/positions.ts";
import { type Described, whyOpen, wordsWithUnknown } from "./words.ts";

export interface Descriptions {
  readonly found: readonly Described[];
  readonly gaps: readonly Gap[];
  /** What the file runs in a shell, and does to an Engine. */
  readonly hosted?: Omit<Hosted, "gaps"> | undefined;
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
  const { found: described, gaps, hosted } = describe(text, around);
  const found = described.map((one) => ({
    read: asJob(readOne(one, around, dialect), job),
    location: around.locate(one.at),
    source: dialect.source,
  }));
  return hosted ? readHosted({ ...hosted, gaps }, around, found) : readingOf(found, file, gaps);
}

function readOne(one: Described, around: Surroundings, dialect: Dialect): ReadContainer {
  const read = readContainer(wordsWithUnknown(one), around, undefined, dialect);
  const gaps = one.unknown?.map((each) => gap(whyOpen(each), { location: around.locate(each.at) })) ?? [];
  return { ...read, name: read.name ?? one.title, gaps: [...read.gaps, ...gaps] };
}

function asJob(read: ReadContainer, job: ShortLived | undefined): ReadContainer {
  const { job: _, ...container } = read.container;
  return { ...read, container: job ? { ...container, job } : container };
}
