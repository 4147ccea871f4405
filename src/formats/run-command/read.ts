import { gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { locator } from "../values/positions.ts";
import { actSubjects } from "./acts.ts";
import { folderOf } from "./folder.ts";
import { readingOfCommands, readText } from "./hosted-commands.ts";
import { linesIn, linesPassage, readShellScript } from "./hosts/host.ts";
import { commandsOf, isSession } from "./hosts/markdown.ts";
import type { Surroundings } from "./read/line-facts.ts";
import { readWrittenFiles } from "./written-files.ts";

/**
 * Reads a shell text given by hand (`--run`, standard input): `docker run …`, possibly several lines, with or without a
 * prompt. What Docker would refuse, and a text without a `docker run`, is a gap.
 */
export function readRunLine(text: string, file: string, io: Files): Reading {
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  const { commands, acts, gaps } = commandsInLine(text, around);
  const read = readingOfCommands(commands, around, gaps);
  // A dockerd line is read as a whole configuration elsewhere.
  const done = acts.filter(({ kind }) => kind !== "dockerd");
  const written = readWrittenFiles(done, file, around.locate);
  const reading = {
    subjects: [...read.subjects, ...actSubjects(done, file, around.locate), ...written.subjects],
    gaps: [...read.gaps, ...written.gaps],
    secrets: [...read.secrets, ...written.secrets],
  };
  if (reading.subjects.length > 0 || reading.gaps.length > 0) return reading;
  return { ...reading, gaps: [gap("there is no docker run or docker create in it", { file })] };
}

/** The commands themselves, for the writer. */
export function commandsInLine(text: string, around: Surroundings): ReturnType<typeof readText> {
  const lines = linesIn(text);
  const texts = isSession(lines)
    ? [{ source: linesPassage(commandsOf(lines, true)) }]
    : readShellScript(text).texts;
  const read = texts.map((each) => readText(each, around));
  return {
    commands: read.flatMap((each) => each.commands),
    acts: read.flatMap((each) => each.acts),
    gaps: read.flatMap((each) => each.gaps),
  };
}
