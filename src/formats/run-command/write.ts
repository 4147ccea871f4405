import type { ContainerPatch } from "../../model/patch.ts";
import type { Files } from "../../model/reading.ts";
import { failed, ok, type Result } from "../../model/result.ts";
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
import { isWhatWasMeant } from "./writing/same.ts";

interface RunCommandFile {
  readonly text: string;
  readonly file: string;
  /** What the file is; `line`: a text given by hand, as `readRunLine` takes it. */
  readonly host: WriterHost;
  readonly io: Files;
}

export interface RunCommandChange {
  /** The container's id, as the reader gives it. */
  readonly subject: string;
  readonly patches: readonly ContainerPatch[];
}

/**
 * Makes the patches in the place where the command stands. The result is read again: what would not say exactly what was
 * meant, or would change anything else in the file, is refused with a reason. Never throws.
 */
export function writeRunCommand(request: RunCommandFile & RunCommandChange): Writing {
  return writeOne(request, readAll(request.text, request), request);
}

/**
 * The same for several commands of one file, which then is read again but once, unless something must be refused. The
 * writings are in the order of the changes; all their edits are of the text as given, and do not overlap.
 */
export function writeRunCommands(
  request: RunCommandFile & { readonly changes: readonly RunCommandChange[] },
): readonly Writing[] {
  const { changes } = request;
  const before = readAll(request.text, request);
  const usual = changes.map((change) => usualEdits(request, before, change));
  const edits = usual.flatMap((each) => each ?? []);
  const patches = new Map(changes.map((change) => [change.subject, change.patches]));
  const isAll = usual.every((each) => each !== undefined) && patches.size === changes.length;
  if (isAll && isRight({ request, before, patches }, edits)) {
    return usual.map((each) => ({ edits: each ?? [], refused: [] }));
  }
  return changes.map((change) => writeOne(request, before, change));
}

/** The edits in the way that nearly always does; undefined where a patch cannot be planned. */
function usualEdits(
  request: RunCommandFile,
  before: Everything,
  change: RunCommandChange,
): readonly Edit[] | undefined {
  const target = commandOf(before, change.subject);
  const line = target && planned(target, change.patches);
  const [quote] = quotings(request.host);
  if (!line?.ok || !quote) return undefined;
  const encode = encoder(request.host, request.text);
  const found = editsOf(line.value, { ...request, quote, encode, ownLines: true });
  return found.ok ? found.value : undefined;
}

function writeOne(request: RunCommandFile, before: Everything, change: RunCommandChange): Writing {
  const target = commandOf(before, change.subject);
  if (!target) return refuseAll(change.patches, "the command is not in the file any more");
  const all = attempt(request, before, target, change);
  if (all.ok) return { edits: all.value, refused: [] };
  return oneByOne(request, before, target, change);
}

function refuseAll(patches: readonly ContainerPatch[], reason: string): Writing {
  return { edits: [], refused: patches.map((patch) => ({ patch, reason })) };
}

/** Every patch that can be made beside those before it. */
function oneByOne(
  request: RunCommandFile,
  before: Everything,
  target: Target,
  { subject, patches }: RunCommandChange,
): Writing {
  const made: ContainerPatch[] = [];
  const refused: { readonly patch: ContainerPatch; readonly reason: string }[] = [];
  let edits: readonly Edit[] = [];
  for (const patch of patches) {
    const tried = attempt(request, before, target, { subject, patches: [...made, patch] });
    if (tried.ok) {
      made.push(patch);
      edits = tried.value;
    } else refused.push({ patch, reason: tried.reason });
  }
  return { edits, refused };
}

interface Target {
  readonly line: Line;
  readonly reader: Reader;
}

function planned({ line, reader }: Target, patches: readonly ContainerPatch[]): Result<Line> {
  let current = line;
  for (const patch of patches) {
    const next = planPatch(current, patch, reader);
    if (!next.ok) return next;
    current = next.value;
  }
  return ok(current);
}

/** The edits in the first way to spell them that reads as it should. */
function attempt(
  request: RunCommandFile,
  before: Everything,
  target: Target,
  { subject, patches }: RunCommandChange,
): Result<readonly Edit[]> {
  const line = planned(target, patches);
  if (!line.ok) return line;
  const encode = encoder(request.host, request.text);
  const meant: Meant = { request, before, patches: new Map([[subject, patches]]) };
  let reason = whyNot(line.value);
  const tried = new Set<string>();
  for (const quote of quotings(request.host)) {
    for (const ownLines of [true, false]) {
      const found = editsOf(line.value, { ...request, quote, encode, ownLines });
      if (!found.ok) {
        reason = found.reason;
        continue;
      }
      const key = JSON.stringify(found.value);
      if (tried.has(key)) continue;
      tried.add(key);
      if (isRight(meant, found.value)) return found;
    }
  }
  return failed(reason);
}

function whyNot(line: Line): string {
  return line.units.some((unit) => unit.open)
    ? "a variable in the command may hold any flags, and what it holds is not known here"
    : "it cannot be written where the command stands without changing what else it says";
}

interface Meant {
  readonly request: RunCommandFile;
  readonly before: Everything;
  /** By subject; nothing else may change. */
  readonly patches: ReadonlyMap<string, readonly ContainerPatch[]>;
}

/** Whether the text with the edits reads as the patches mean it. */
function isRight({ request, before, patches }: Meant, edits: readonly Edit[]): boolean {
  const changed = edits.length === 0 ? request.text : changedText(request.text, edits);
  if (changed === undefined) return false;
  const after = edits.length === 0 ? before : readAll(changed, request);
  if (after.subjects.length !== before.subjects.length) return false;
  if (after.reasons.some((reason) => !before.reasons.includes(reason))) return false;
  return before.subjects.every(({ id, views: [was] }, index) => {
    const view = after.subjects[index]?.views[0];
    return was && view && isWhatWasMeant(was, patches.get(id) ?? [], view);
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

/** The command that a subject was read from: the one that stands where it does. */
function commandOf({ subjects, commands, around }: Everything, id: string): Target | undefined {
  const subject = subjects.find((each) => each.id === id);
  const command = commands.find(
    ({ at }) => JSON.stringify(around.locate(at)) === JSON.stringify(subject?.location),
  );
  if (!command) return undefined;
  const here = command.folder ? { ...around, folder: command.folder } : around;
  return {
    line: lineOf(command.words),
    reader: { around: here, passed: command.passed },
  };
}
