import { type Gap, gap } from "../../model/gap.ts";
import type { Files, Reading } from "../../model/reading.ts";
import { locator } from "../values/positions.ts";
import { readContainer } from "./container.ts";
import type { Surroundings } from "./draft.ts";
import { type Folder, folderOf } from "./folder.ts";
import { type Passage, passage, written } from "./passage.ts";
import { mentionsDockerRun } from "./script-host.ts";
import { readShell, type ScriptSurroundings } from "./shell/commands.ts";
import { type Found, readingOf } from "./subjects.ts";

/**
 * Reads a shell text given by hand (`--run`, standard input): `docker run …`, possibly several lines. What is neither
 * a command that Docker knows nor shell at all is a gap.
 */
export function readRunLine(text: string, file: string, io: Files): Reading {
  const { found, gaps } = readShellText(passage([written(text)]), surroundings(text, file, io));
  const missing =
    found.length === 0 && gaps.length === 0
      ? [gap("there is no docker run or docker create in it", { file })]
      : [];
  return readingOf(found, file, [...gaps, ...missing]);
}

export function surroundings(text: string, file: string, io: Files, folder?: Folder): Surroundings {
  return { file, io, locate: locator(file, text), folder: folder ?? folderOf(file) };
}

/** The containers that a shell text runs, in order, and where it could not be read. */
export function readShellText(
  source: Passage,
  around: Surroundings,
  variables?: ScriptSurroundings["variables"],
): { readonly found: readonly Found[]; readonly gaps: readonly Gap[] } {
  if (!mentionsDockerRun(source.text)) return { found: [], gaps: [] };
  const { commands, errors } = readShell(source, {
    home: around.io.home,
    folder: around.folder.absolute,
    variables,
  });
  const gaps = errors
    .slice(0, 1)
    .map(({ at, message }) => gap(`it is not valid shell: ${message}`, { location: around.locate(at) }));
  const found: Found[] = [];
  for (const command of commands) {
    const read = readContainer(command.words, around, command.passed);
    if (read.help) continue;
    const location = around.locate(command.at);
    found.push({ read, location });
    if (read.container.image.state === "unset")
      gaps.push(gap("docker run names no image here", { location }));
  }
  return { found, gaps };
}
