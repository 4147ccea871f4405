import { type Gap, gap } from "../../model/gap.ts";
import type { Reading } from "../../model/reading.ts";
import { type Act, mentionsAct } from "./acts.ts";
import type { ShellText } from "./hosts/host.ts";
import { type Passage, passage, slice } from "./passage.ts";
import { readContainer } from "./read/container.ts";
import type { Surroundings } from "./read/line-facts.ts";
import { mentionsDockerRun } from "./script-host.ts";
import { type RunCommand, readShell } from "./shell/commands.ts";
import { mostCommands } from "./shell/limits.ts";
import { type Found, readingOf } from "./subjects.ts";

/** A command, and whether it stands in a text for people. */
export interface HostedCommand extends RunCommand {
  readonly prose: boolean;
}

/** The commands that a shell text runs. */
export function readText(
  { source, variables, folder, prose = false }: ShellText,
  around: Surroundings,
): {
  readonly commands: readonly HostedCommand[];
  readonly acts: readonly Act[];
  readonly gaps: readonly Gap[];
} {
  const isRun = mentionsDockerRun(source.text);
  if (!isRun && !mentionsAct(source.text)) return { commands: [], acts: [], gaps: [] };
  const surroundings = { home: around.io.home, folder: (folder ?? around.folder).absolute, variables };
  const { commands, acts, errors } = readShell(source, surroundings);
  // `docker run <image>` in prose is not a shell command: skip it and read the rest.
  const beside = prose && errors.length > 0 ? linesOf(source) : [];
  const more = beside.flatMap((line) => readShell(line, surroundings).commands);
  const seen = new Set(commands.map((command) => command.at.start));
  const all = [...commands, ...more.filter((command) => !seen.has(command.at.start))];
  return {
    commands: all.map((command) => ({ ...command, folder: command.folder ?? folder, prose })),
    // In prose a command is an example or the thing not to do.
    acts: prose ? [] : acts,
    gaps: (prose || !isRun ? [] : errors.slice(0, 1)).map(({ at, reason }) =>
      gap(reason, { location: around.locate(at) }),
    ),
  };
}

/** The lines that may hold a `docker run`, each with those that a backslash joins to it. */
function linesOf(source: Passage): readonly Passage[] {
  const lines: Passage[] = [];
  let start = 0;
  for (const match of source.text.matchAll(/(?<!\\)(?:\\\\)*(?:\n|$)/g)) {
    const end = match.index + match[0].length;
    if (mentionsDockerRun(source.text.slice(start, end))) lines.push(passage(slice(source, start, end)));
    start = end;
    if (lines.length > mostCommands) break;
  }
  return lines;
}

/** The containers that the commands run, in the file's order; a command that is reached twice is one. */
export function readingOfCommands(
  commands: readonly HostedCommand[],
  around: Surroundings,
  gaps: readonly Gap[],
  described: readonly Found[] = [],
): Reading {
  const found: Found[] = [...described];
  const more: Gap[] = [];
  const seen = new Set<string>();
  const inOrder = commands.toSorted((a, b) => a.at.start - b.at.start || b.at.end - a.at.end);
  for (const command of inOrder.slice(0, mostCommands)) {
    const key = `${command.at.start}:${command.at.end}`;
    const here = command.folder ? { ...around, folder: command.folder } : around;
    const read = readContainer(command.words, here, command.passed, command.dialect);
    const isSynopsis = command.prose && !isReference(read.image);
    if (seen.has(key) || read.help || isSynopsis) continue;
    seen.add(key);
    const location = around.locate(command.at);
    const { command: name = "docker run", source } = command.dialect ?? {};
    found.push({ read, location, ...(source && { source }) });
    if (read.container.image.state === "unset") more.push(gap(`${name} names no image here`, { location }));
  }
  const left = inOrder[mostCommands];
  if (left) {
    more.push(gap(`only the first ${mostCommands} commands were read`, { location: around.locate(left.at) }));
  }
  if (described.length > 0) found.sort((a, b) => a.location.startLine - b.location.startLine);
  return readingOf(found, around.file, [...gaps, ...more]);
}

/** Whether it may be an image, rather than the `[OPTIONS]` or `...` of a synopsis. */
function isReference(image: string | undefined): boolean {
  return image !== undefined && /^[\w$]/.test(image);
}
