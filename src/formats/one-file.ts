import { gap } from "../model/gap.ts";
import { emptyReading, type Reading } from "../model/reading.ts";
import type { Writing } from "../model/writing.ts";
import {
  type Format,
  type ReadContext,
  refuseAll,
  type SubjectPatches,
  type WriteContext,
  type Written,
} from "./format.ts";

interface TextFile {
  readonly text: string;
  readonly file: string;
}

/** The reader of a format whose inputs are one file each. */
export function readsOne<R extends Reading>(
  read: (input: TextFile, context: ReadContext) => Promise<R>,
): (files: readonly string[], context: ReadContext) => Promise<R | Reading> {
  return async ([file = ""], context) => {
    const text = context.io.read(file);
    if (!text.ok) return { ...emptyReading, gaps: [gap(text.reason, { file })] };
    return await read({ text: text.value, file }, context);
  };
}

/** Its writer: one writing a subject, each of all of the text as given. */
export function writesOne(
  write: (
    input: TextFile,
    wanted: readonly SubjectPatches[],
    context: WriteContext,
  ) => Promise<readonly Writing[]>,
): NonNullable<Format["write"]> {
  return async ([file = ""], wanted, context) => {
    const text = context.io.read(file);
    if (!text.ok) return refuseAll(wanted, `the file cannot be read: ${text.reason}`);
    // A writer finds a subject by the id that its reader gave, which then is another's too.
    const namesakes = wanted.filter(({ subject, readAs }) => subject.id !== readAs);
    const own = wanted.filter(({ subject, readAs }) => subject.id === readAs);
    const written = together(await write({ text: text.value, file }, own, context), own);
    const left = refuseAll(namesakes, "another command in the file has its name");
    return { edits: written.edits, refused: [...written.refused, ...left.refused] };
  };
}

function together(writings: readonly Writing[], wanted: readonly SubjectPatches[]): Written {
  return {
    edits: writings.flatMap(({ edits }) => edits),
    refused: writings.flatMap(({ refused }, index) =>
      refused.map((each) => ({ ...each, subject: wanted[index]?.subject.id ?? "" })),
    ),
  };
}
