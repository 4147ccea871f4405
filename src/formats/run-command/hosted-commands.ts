import { type Gap, gap } from "../../model/gap.ts";
import type { Reading } from "../../model/reading.ts";
import { readContainer } from "./container.ts";
import type { Surroundings } from "./draft.ts";
import type { ShellText } from "./hosts/host.ts";
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
): { readonly commands: readonly HostedCommand[]; readonly gaps: readonly Gap[] } {
  if (!mentionsDockerRun(source.text)) return { commands: [], gaps: [] };
  const { commands, errors } = readShell(source, {
    home: around.io.home,
    folder: (folder ?? around.folder).absolute,
    variables,
  });
  // `docker run <image>` and the like are no shell, and no command either.
  const told = prose ? [] : errors.slice(0, 1);
  return {
    commands: commands.map((command) => ({ ...command, folder: command.folder ?? folder, prose })),
    gaps: told.map(({ at, reason }) => gap(reason, { location: around.locate(at) })),
  };
}

/** The containers that the commands run, in the file's order; a command that is reached twice is one. */
export function readingOfCommands(
  commands: readonly HostedCommand[],
  around: Surroundings,
  gaps: readonly Gap[],
): Reading {
  const found: Found[] = [];
  const more: Gap[] = [];
  const seen = new Set<string>();
  const inOrder = commands.toSorted((a, b) => a.at.start - b.at.start || b.at.end - a.at.end);
  for (const command of inOrder.slice(0, mostCommands)) {
    const key = `${command.at.start}:${command.at.end}`;
    const here = command.folder ? { ...around, folder: command.folder } : around;
    const read = readContainer(command.words, here, command.passed);
    const isSynopsis = command.prose && !isReference(read.image);
    if (seen.has(key) || read.help || isSynopsis) continue;
    seen.add(key);
    const location = around.locate(command.at);
    found.push({ read, location });
    if (read.container.image.state === "unset")
      more.push(gap("docker run names no image here", { location }));
  }
  const left = inOrder[mostCommands];
  if (left) {
    more.push(gap(`only the first ${mostCommands} commands were read`, { location: around.locate(left.at) }));
  }
  return readingOf(found, around.file, [...gaps, ...more]);
}

/** Whether it may be an image, rather than the `[OPTIONS]` or `...` of a synopsis. */
function isReference(image: string | undefined): boolean {
  return image !== undefined && /^[\w$]/.test(image);
}
