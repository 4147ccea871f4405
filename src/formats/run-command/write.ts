import { failed, ok, type Result } from "../../base/result.ts";
import type { ContainerPatch } from "../../model/patch.ts";
import type { Edit, Writing } from "../../model/writing.ts";
import { writeInCycle } from "../values/write-cycle.ts";
import { editsOf } from "./write/emit.ts";
import { begin, type Job, type RunCommandFile, readEdited, reads, type Target } from "./write/job.ts";
import type { Line } from "./write/line.ts";
import { planPatch } from "./write/plan.ts";
import { quotings } from "./write/quote.ts";

/**
 * Makes the patches in the place where the command stands. The result is read again: what would not say exactly what was
 * meant, or would change anything else in the file, is refused with a reason. Never throws.
 */
export function writeRunCommand(request: RunCommandFile & RunCommandChange): Writing {
  return writeOne(begin(request), request);
}

/**
 * The same for several commands of one file, which is then read again not for each of them, but for all together. The
 * writings are in the order of the changes; all their edits are of the text as given, and do not overlap.
 */
export function writeRunCommands(
  request: RunCommandFile & { readonly changes: readonly RunCommandChange[] },
): readonly Writing[] {
  const job = begin(request);
  const usual = request.changes.map((change) => usualWriting(job, change));
  const drafts = new Map(request.changes.map((change, index) => [change.subject, usual[index]]));
  const wrong = drafts.size === usual.length ? wrongOnes(job, drafts) : undefined;
  const careful = request.changes.map((change, index) => {
    const draft = usual[index];
    return draft && wrong && !wrong.has(change.subject) ? draft : writeOne(job, change);
  });
  const isSame = wrong?.size === 0 && !usual.includes(undefined);
  const settled = new Map(
    request.changes.map((change, index) => [change.subject, madeBy(change, careful[index])]),
  );
  return isSame || wrongOnes(job, settled)?.size === 0
    ? careful.map(({ edits, refused }) => ({ edits, refused }))
    : request.changes.map((change) => writeOne(job, change));
}

/** A writing that was not looked at yet, with the patches that it makes. */
interface UncheckedWriting extends Writing {
  readonly made: readonly ContainerPatch[];
}

function madeBy({ patches }: RunCommandChange, writing: Writing | undefined): UncheckedWriting | undefined {
  const refused = new Set(writing?.refused.map(({ patch }) => patch));
  return writing && { ...writing, made: patches.filter((patch) => !refused.has(patch)) };
}

/** What nearly always is right; undefined where it cannot even be spelled. */
function usualWriting(job: Job, { subject, patches }: RunCommandChange): UncheckedWriting | undefined {
  const target = job.targets.get(subject);
  const [quote] = quotings(job.file.host);
  if (!target || !quote) return undefined;
  let { line } = target;
  const made: ContainerPatch[] = [];
  const refused: { readonly patch: ContainerPatch; readonly reason: string }[] = [];
  for (const patch of patches) {
    const next = planPatch(line, patch, target.reader);
    if (next.ok) {
      line = next.value;
      made.push(patch);
    } else refused.push({ patch, reason: next.reason });
  }
  const found = editsOf(line, { ...job.file, quote, encode: job.encode, ownLines: true });
  return found.ok ? { edits: found.value, refused, made } : undefined;
}

/** The subjects that would not read as meant; undefined where the file as a whole would not. */
function wrongOnes(
  job: Job,
  drafts: ReadonlyMap<string, UncheckedWriting | undefined>,
): ReadonlySet<string> | undefined {
  const edits = [...drafts.values()].flatMap((draft) => draft?.edits ?? []);
  const after = readEdited(job, edits);
  if (!after) return undefined;
  const wrong = job.before.containers.filter(
    (was, index) => !reads(was, drafts.get(was.id)?.made ?? [], after[index]),
  );
  return new Set(wrong.map(({ id }) => id));
}

function writeOne(job: Job, change: RunCommandChange): Writing {
  const { subject, patches } = change;
  const target = job.targets.get(subject);
  if (!target)
    return refuseAll(
      patches,
      "it is not a docker command that fix can edit; change the text where it stands",
    );
  const tried = (made: readonly ContainerPatch[]): Result<Made> => {
    const edits = attempt(job, target, { subject, patches: made });
    return edits.ok ? ok({ made, edits: edits.value }) : edits;
  };
  const { state, refused } = writeInCycle<ContainerPatch, Made>({
    together: () => {
      const all = tried(patches);
      return all.ok ? all.value : undefined;
    },
    start: { made: [], edits: [] },
    units: patches,
    add: ({ made }, patch) => tried([...made, patch]),
  });
  return { edits: state.edits, refused: refused.map(({ unit, reason }) => ({ patch: unit, reason })) };
}

interface Made {
  readonly made: readonly ContainerPatch[];
  readonly edits: readonly Edit[];
}

function refuseAll(patches: readonly ContainerPatch[], reason: string): Writing {
  return { edits: [], refused: patches.map((patch) => ({ patch, reason })) };
}

/** What one command is to become. */
export interface RunCommandChange {
  /** The container's id, as the reader gives it. */
  readonly subject: string;
  readonly patches: readonly ContainerPatch[];
}

/** The edits in the first way to spell them that reads as it should. */
export function attempt(
  job: Job,
  target: Target,
  { subject, patches }: RunCommandChange,
): Result<readonly Edit[]> {
  let { line } = target;
  for (const patch of patches) {
    const next = planPatch(line, patch, target.reader);
    if (!next.ok) return next;
    line = next.value;
  }
  let reason = whyNot(line);
  const tried = new Set<string>();
  for (const quote of quotings(job.file.host)) {
    for (const ownLines of [true, false]) {
      const found = editsOf(line, { ...job.file, quote, encode: job.encode, ownLines });
      if (!found.ok) {
        reason = found.reason;
        continue;
      }
      const key = JSON.stringify(found.value);
      if (tried.has(key)) continue;
      tried.add(key);
      if (isRight(job, subject, patches, found.value)) return found;
    }
  }
  return failed(reason);
}

function whyNot(line: Line): string {
  return line.units.some((unit) => unit.open)
    ? "a variable in the command may hold any flags, and what it holds is not known here"
    : "it cannot be written where the command stands without changing what else it says";
}

/** Whether the text with the edits reads as the patches mean it, and all else in it as before. */
function isRight(
  job: Job,
  subject: string,
  patches: readonly ContainerPatch[],
  edits: readonly Edit[],
): boolean {
  const after = readEdited(job, edits);
  return (
    after !== undefined &&
    job.before.containers.every((was, index) => reads(was, was.id === subject ? patches : [], after[index]))
  );
}
