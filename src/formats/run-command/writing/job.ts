import type { Container } from "../../../model/container.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Files } from "../../../model/reading.ts";
import type { ContainerSubject } from "../../../model/subject.ts";
import { applyEdits, type Edit } from "../../../model/writing.ts";
import { locator } from "../../values/positions.ts";
import type { Surroundings } from "../draft.ts";
import { folderOf } from "../folder.ts";
import { type HostedCommand, readingOfCommands } from "../hosted-commands.ts";
import { commandsInLine } from "../read.ts";
import { commandsInScript } from "../scripts.ts";
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

/** A file that is to be written, read. */
export interface Job {
  readonly file: RunCommandFile;
  readonly before: Everything;
  readonly targets: ReadonlyMap<string, Target>;
  readonly encode: Spelling["encode"];
}

/** The command that a subject was read from. */
export interface Target {
  readonly line: Line;
  readonly reader: Reader;
}

export function begin(file: RunCommandFile): Job {
  const before = readAll(file.text, file);
  const { around } = before;
  const placed = new Map(
    before.commands.toReversed().map((command) => [JSON.stringify(around.locate(command.at)), command]),
  );
  const targets = new Map<string, Target>();
  for (const { id, location } of before.subjects) {
    const command = placed.get(JSON.stringify(location));
    if (!command) continue;
    const here = command.folder ? { ...around, folder: command.folder } : around;
    targets.set(id, { line: lineOf(command.words), reader: { around: here, passed: command.passed } });
  }
  return { file, before, targets, encode: encoder(file.host, file.text) };
}

interface Everything {
  readonly around: Surroundings;
  readonly commands: readonly HostedCommand[];
  readonly subjects: readonly ContainerSubject[];
  /** Why what could not be read. */
  readonly reasons: readonly string[];
}

function readAll(text: string, { file, host, io }: RunCommandFile): Everything {
  const around: Surroundings = { file, io, locate: locator(file, text), folder: folderOf(file) };
  const { commands, gaps } =
    host === "line" ? commandsInLine(text, around) : commandsInScript(text, host, around);
  const reading = readingOfCommands(commands, around, gaps);
  return {
    around,
    commands,
    subjects: reading.subjects.filter((subject) => subject.kind === "container"),
    reasons: reading.gaps.map((gap) => gap.reason),
  };
}

/** The containers in the text with the edits; undefined where it cannot be read as well as it was. */
export function readEdited(job: Job, edits: readonly Edit[]): readonly ContainerSubject[] | undefined {
  if (edits.length === 0) return job.before.subjects;
  const text = changedText(job.file.text, edits);
  if (text === undefined) return undefined;
  const { subjects, reasons } = readAll(text, job.file);
  const isWorse = reasons.some((reason) => !job.before.reasons.includes(reason));
  return isWorse || subjects.length !== job.before.subjects.length ? undefined : subjects;
}

function changedText(text: string, edits: readonly Edit[]): string | undefined {
  try {
    return applyEdits(text, edits);
  } catch {
    return undefined;
  }
}

/** Whether the subject is the container that the patches were to make. */
export function reads(
  was: Container | undefined,
  patches: readonly ContainerPatch[],
  subject: ContainerSubject | undefined,
): boolean {
  const [view] = subject?.views ?? [];
  return was !== undefined && view !== undefined && isWhatWasMeant(was, patches, view);
}
