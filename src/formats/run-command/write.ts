import type { Container } from "../../model/container.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Files } from "../../model/reading.ts";
import type { ContainerSubject } from "../../model/subject.ts";
import { applyEdits, type Edit, type Writing } from "../../model/writing.ts";
import { locator } from "../values/positions.ts";
import type { Surroundings } from "./draft.ts";
import { folderOf } from "./folder.ts";
import { type HostedCommand, readingOfCommands } from "./hosted-commands.ts";
import { commandsInLine } from "./read.ts";
import { commandsInScript } from "./scripts.ts";
import { editsOf } from "./writing/emit.ts";
import type { Reader } from "./writing/facts.ts";
import { type Line, lineOf } from "./writing/line.ts";
import { planPatch } from "./writing/plan.ts";
import { encoder, quotings, type WriterHost } from "./writing/quote.ts";
import { isWhatWasMeant, saidBy } from "./writing/same.ts";

export interface RunCommandRequest {
  readonly text: string;
  readonly file: string;
  /** What the file is; `line`: a text given by hand, as `readRunLine` takes it. */
  readonly host: WriterHost;
  readonly io: Files;
  /** The container's id, as the reader gives it. */
  readonly subject: string;
  readonly patches: readonly ContainerPatch[];
}

type Refused = Writing["refused"][number];

/**
 * Makes the patches in the place where the command stands. Each result is read again: what would not say exactly what was
 * meant, or would change anything else in the file, is refused with a reason. Never throws.
 */
export function writeRunCommand(request: RunCommandRequest): Writing {
  const before = readAll(request.text, request);
  const index = before.subjects.findIndex((subject) => subject.id === request.subject);
  const target = commandOf(before, index);
  if (!target) return refuseAll(request.patches, "the command is not in the file any more");
  const job: Job = { request, before, index, target };
  const all = attempt(job, request.patches);
  if (all.ok) return { edits: all.edits, refused: [] };
  return oneByOne(job);
}

function refuseAll(patches: readonly ContainerPatch[], reason: string): Writing {
  return { edits: [], refused: patches.map((patch) => ({ patch, reason })) };
}

/** Every patch that can be made beside those before it. */
function oneByOne(job: Job): Writing {
  const made: ContainerPatch[] = [];
  const refused: Refused[] = [];
  let edits: readonly Edit[] = [];
  for (const patch of job.request.patches) {
    const tried = attempt(job, [...made, patch]);
    if (tried.ok) {
      made.push(patch);
      edits = tried.edits;
    } else refused.push({ patch, reason: tried.reason });
  }
  return { edits, refused };
}

interface Job {
  readonly request: RunCommandRequest;
  readonly before: Everything;
  readonly index: number;
  readonly target: Target;
}

interface Target {
  readonly line: Line;
  readonly reader: Reader;
  readonly view: Container;
}

type Attempt =
  | { readonly ok: true; readonly edits: readonly Edit[] }
  | { readonly ok: false; readonly reason: string };

function attempt(job: Job, patches: readonly ContainerPatch[]): Attempt {
  let line = job.target.line;
  for (const patch of patches) {
    const planned = planPatch(line, patch, job.target.reader);
    if (!planned.ok) return planned;
    line = planned.value;
  }
  return spellOut(job, patches, line);
}

/** The first way to spell the line that reads as it should. */
function spellOut(job: Job, patches: readonly ContainerPatch[], line: Line): Attempt {
  const { text, file, host } = job.request;
  const encode = encoder(host, text);
  let reason = unreadable(line);
  const tried = new Set<string>();
  for (const quote of quotings(host)) {
    for (const ownLines of [true, false]) {
      const found = editsOf(line, { file, text, quote, encode, ownLines });
      if (!found.ok) {
        reason = found.reason;
        continue;
      }
      const key = JSON.stringify(found.value);
      if (tried.has(key)) continue;
      tried.add(key);
      if (isRight(job, patches, found.value)) return { ok: true, edits: found.value };
    }
  }
  return { ok: false, reason };
}

function unreadable(line: Line): string {
  return line.units.some((unit) => unit.open)
    ? "a variable in the command may hold any flags, and what it holds is not known here"
    : "it cannot be written where the command stands without changing what else it says";
}

function isRight(job: Job, patches: readonly ContainerPatch[], edits: readonly Edit[]): boolean {
  if (edits.length === 0) return isWhatWasMeant(job.target.view, patches, job.target.view);
  const changed = changedText(job.request.text, edits);
  if (changed === undefined) return false;
  const after = readAll(changed, job.request);
  if (after.subjects.length !== job.before.subjects.length) return false;
  if (after.reasons.some((reason) => !job.before.reasons.includes(reason))) return false;
  return after.subjects.every((subject, index) => {
    const [view] = subject.views;
    const was = job.before.subjects[index]?.views[0];
    if (!view || !was) return false;
    return index === job.index ? isWhatWasMeant(was, patches, view) : saidBy(was) === saidBy(view);
  });
}

function changedText(text: string, edits: readonly Edit[]): string | undefined {
  try {
    return applyEdits(text, edits);
  } catch {
    return undefined;
  }
}

interface Everything {
  readonly around: Surroundings;
  readonly commands: readonly HostedCommand[];
  readonly subjects: readonly ContainerSubject[];
  /** Why what could not be read. */
  readonly reasons: readonly string[];
}

function readAll(text: string, { file, host, io }: RunCommandRequest): Everything {
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

/** The command that a subject was read from: the one that stands where it does. */
function commandOf({ subjects, commands, around }: Everything, index: number): Target | undefined {
  const subject = subjects[index];
  const view = subject?.views[0];
  const command = commands.find(
    ({ at }) => JSON.stringify(around.locate(at)) === JSON.stringify(subject?.location),
  );
  if (!command || !view) return undefined;
  const here = command.folder ? { ...around, folder: command.folder } : around;
  return { line: lineOf(command.words), reader: { around: here, passed: command.passed }, view };
}
