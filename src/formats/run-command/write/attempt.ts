import { failed, type Result } from "../../../base/result.ts";
import type { ContainerPatch } from "../../../model/patch.ts";
import type { Edit } from "../../../model/writing.ts";
import { editsOf } from "./emit.ts";
import { type Job, readEdited, reads, type Target } from "./job.ts";
import type { Line } from "./line.ts";
import { planPatch } from "./plan.ts";
import { quotings } from "./quote.ts";

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
