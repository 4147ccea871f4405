import type { DiskFiles } from "../audit/inputs/disk-files.ts";
import { type SurveyRequest, survey } from "../audit/survey.ts";
import { locator } from "../formats/values/positions.ts";
import type { FileOrigin } from "../model/origin.ts";
import type { Edit } from "../model/writing.ts";
import { failuresOf } from "./plan/failures.ts";
import { type Knowledge, reconcile, remediesOf } from "./plan/settle.ts";
import { type Planned, writePlans } from "./write-plans.ts";

/** A change of a file that mends a finding by itself. */
export interface FindingEdit {
  /** What is replaced; empty where something is added. */
  readonly at: FileOrigin;
  readonly text: string;
}

/** The edits of a control's finding on a subject; empty where no edit mends it. */
export type FindingEdits = (control: string, subject: string) => readonly FindingEdit[];

/** Each edit is written and read again; more of them would take longer than the audit. */
const mostWritten = 2000;

/**
 * The edits that `bulkhead fix` would make for each finding alone. What would write a credential anew is left out: an edit is
 * printed.
 */
export async function findingEdits(
  request: SurveyRequest,
  knowledgeOf: (seen: Awaited<ReturnType<typeof survey>>) => Knowledge,
  io: DiskFiles,
): Promise<FindingEdits> {
  const seen = await survey(
    { ...request, live: undefined, forWriting: true },
    () => null,
    io,
    async () => {},
  );
  const knowledge = knowledgeOf(seen);
  const found = new Map<string, readonly FindingEdit[]>();
  const isSecret = (text: string) =>
    seen.secretValues.some((value) => value.length > 3 && text.includes(value));
  let left = mostWritten;
  for (const each of seen.subjects) {
    const { subject, context, input } = each;
    if (!input) continue;
    const failures = failuresOf(subject, context, seen.rules);
    const steps = reconcile(remediesOf(failures, subject, context, knowledge), subject, knowledge);
    for (const control of new Set(steps.flatMap(({ controls }) => controls))) {
      const own = steps.filter(({ controls }) => controls.includes(control));
      const isWhole = own.every(({ kind, patches }) => kind !== "manual" && patches.length > 0);
      // `bulkhead fix` also writes the value of a credential into .env.
      if (!isWhole || control === "image-secret" || left <= 0) continue;
      left -= 1;
      const plan: Planned = { ...each, failing: [control], steps: own, open: [], declined: [] };
      const edits: Edit[] = [];
      const [written] = await writePlans(
        [plan],
        { compose: request.compose, readings: seen.readings },
        { io, isChanged: () => false, make: (made) => void edits.push(...made) },
      );
      if (!written || written.refused.length > 0 || edits.some(({ text }) => isSecret(text))) continue;
      const placed = edits.flatMap(({ file, start, end, text }): readonly FindingEdit[] => {
        const source = io.read(file);
        return source.ok ? [{ at: locator(file, source.value)({ start, end }), text }] : [];
      });
      found.set(`${control}\0${subject.id}`, placed);
    }
  }
  return (control, subject) => found.get(`${control}\0${subject}`) ?? [];
}
