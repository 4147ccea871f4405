import type { Container } from "../../../model/container.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Files } from "../../../model/reading.ts";
import { applyEdits, type Edit } from "../../../model/writing.ts";
import { locator } from "../../values/positions.ts";
import { folderOf } from "../folder.ts";
import { type HostedCommand, readingOfCommands } from "../hosted-commands.ts";
import type { Surroundings } from "../read/line-facts.ts";
import { commandsInLine } from "../read.ts";
import { commandsInScript } from "../scripts.ts";
import type { Word } from "../word.ts";
import type { Reader } from "./facts.ts";
import { type Line, lineOf } from "./line.ts";
import { encoder, type Spelling, type WriterHost } from "./quote.ts";
import { isWhatWasMeant } from "./same.ts";

export interface RunCommandFile {
  readonly text: string;
  readonly file: string;
  /** What the file is; `line`: a text given by hand, as `readRunLine` takes it. */
  readonly host: WriterHost;
  readonly io: Files;
}

/** A file that will be written, after reading it. */
export interface Job {
  readonly file: RunCommandFile;
  readonly before: Everything;
  readonly targets: ReadonlyMap<string, Target>;
  readonly encode: Spelling["encode"];
}

/** The command that a subject was read from. */
export interface Target {
  readonly line: Line;
  /** What stands behind `docker run`. */
  readonly words: readonly Word[];
  readonly reader: Reader;
}

export function begin(file: RunCommandFile): Job {
  const before = readAll(file.text, file);
  const { around } = before;
  const placed = new Map(
    before.commands.toReversed().map((command) => [JSON.stringify(around.locate(command.at)), command]),
  );
  const targets = new Map<string, Target>();
  for (const { id, location } of before.containers) {
    const command = placed.get(JSON.stringify(location));
    if (!command) continue;
    const here = command.folder ? { ...around, folder: command.folder } : around;
    targets.set(id, {
      line: lineOf(command.words, command.dialect),
      words: command.words,
      reader: { around: here, passed: command.passed },
    });
  }
  return { file, before, targets, encode: encoder(file.host, file.text) };
}

interface Everything {
  readonly around: Surroundings;
  readonly commands: readonly HostedCommand[];
  readonly containers: readonly Seen[];
  /** What could not be read in the file as a whole. */
  readonly reasons: readonly string[];
}

/** A container that the file runs. */
export interface Seen {
  readonly id: string;
  readonly location: FileOrigin | undefined;
  readonly view: Container;
  /** What could not be read of it. */
  readonly reasons: readonly string[];
}

function readAll(text: string, { file, host, io }: RunCommandFile): Everything {
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  const { commands, gaps } =
    host === "line" ? commandsInLine(text, around) : commandsInScript(text, host, around);
  const reading = readingOfCommands(commands, around, gaps);
  const reasons = new Map<string | undefined, string[]>();
  for (const { subject, reason } of reading.gaps) {
    reasons.set(subject, [...(reasons.get(subject) ?? []), reason]);
  }
  const containers = reading.subjects.flatMap((subject): readonly Seen[] => {
    const [view] = subject.kind === "container" ? subject.views : [];
    const { id, location } = subject;
    return view ? [{ id, location, view, reasons: reasons.get(id) ?? [] }] : [];
  });
  return { around, commands, containers, reasons: reasons.get(undefined) ?? [] };
}

/** The containers in the text with the edits, in order; undefined where the file cannot be read as well as it was. */
export function readEdited(job: Job, edits: readonly Edit[]): readonly Seen[] | undefined {
  const { before } = job;
  if (edits.length === 0) return before.containers;
  const text = changedText(job.file.text, edits);
  if (text === undefined) return undefined;
  const after = readAll(text, job.file);
  const isWorse = after.reasons.some((reason) => !before.reasons.includes(reason));
  return isWorse || after.containers.length !== before.containers.length ? undefined : after.containers;
}

function changedText(text: string, edits: readonly Edit[]): string | undefined {
  try {
    return applyEdits(text, edits);
  } catch {
    return undefined;
  }
}

/** Whether the container is what the patches were to make of the one before, and docker refuses nothing more of it. */
export function reads(before: Seen, patches: readonly ContainerPatch[], after: Seen | undefined): boolean {
  if (!after?.reasons.every((reason) => before.reasons.includes(reason))) return false;
  return isWhatWasMeant(before.view, patches, after.view);
}
