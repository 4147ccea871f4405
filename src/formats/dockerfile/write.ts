import { failed, ok } from "../../base/result.ts";
import { applyPatches, type ImagePatch } from "../../model/patch.ts";
import { applyEdits, type Edit, type Writing } from "../../model/writing.ts";
import { writeInCycle } from "../values/write-cycle.ts";
import type { DockerfileReading } from "./read.ts";
import { type DockerfileDraft, draftOf } from "./write/draft.ts";
import type { FieldWriting, RefusedPatch } from "./write/field.ts";
import { writeHealthcheck } from "./write/healthcheck.ts";
import { writeReferences } from "./write/references.ts";
import { writeUser } from "./write/user.ts";

export interface DockerfileWriting {
  readonly text: string;
  /** What the edits are for. */
  readonly file: string;
  readonly patches: readonly ImagePatch[];
  /** What readDockerfile made of the text without build arguments, where the caller has that: it is not taken apart again then. */
  readonly reading?: DockerfileReading | undefined;
}

/** What a Dockerfile can be made to say, in the order in which new instructions stand. */
const writers: Readonly<
  Record<string, (draft: DockerfileDraft, patches: readonly ImagePatch[]) => FieldWriting>
> = {
  user: writeUser,
  healthcheck: writeHealthcheck,
  references: writeReferences,
};

/** Why the other facts cannot be patched. */
const beyond: Readonly<Record<string, string>> = {
  base: "another base is another image: what is built on it may not work",
  baseUser: "the user of the base image is set where that is built",
  environment: "the build may need what ENV sets: whether it does cannot be told",
  buildArguments: "the build may need what ARG takes: whether it does cannot be told",
  sudoCommands: "what a RUN does without sudo depends on the user it runs as",
  setuidCommands: "whether a program works without its setuid bit cannot be told",
  exposedPorts: "EXPOSE publishes nothing: it says what the program listens on",
  history: "only an image that is built has one",
};

/**
 * Edits a Dockerfile so that the image of its last stage is as the patches say: USER, HEALTHCHECK NONE, and the
 * references of FROM, COPY --from and RUN --mount=from. The result is read again before an edit counts: what would
 * not be read as meant (a last line that is continued into nothing, an open heredoc) is refused. Never throws.
 */
export function writeDockerfile({ text, file, patches, reading }: DockerfileWriting): Writing {
  const parts = reading?.parts;
  const draft = draftOf(text, parts?.text === text ? parts : undefined);
  if (!draft.ok) return { edits: [], refused: patches.map((patch) => ({ patch, reason: draft.reason })) };
  const edits: Edit[] = [];
  const refused: RefusedPatch[] = [];
  const written = Object.entries(writers).flatMap(([field, write]) => {
    const own = patches.filter((patch) => patch.field === field);
    return own.length === 0 ? [] : [write(draft.value, own)];
  });
  const cycle = writeInCycle<FieldWriting, readonly FieldWriting[]>({
    together: () => (isMeant(draft.value, together(written)) ? written : undefined),
    start: [],
    units: written,
    add: (made, each) => {
      const more = [...made, each];
      return isMeant(draft.value, together(more)) ? ok(more) : failed(notAsMeant);
    },
  });
  for (const each of cycle.state) for (const edit of each.edits) edits.push({ file, ...edit });
  for (const each of written) for (const refusal of each.refused) refused.push(refusal);
  for (const { unit, reason } of cycle.refused) {
    for (const patch of unit.made) refused.push({ patch, reason });
  }
  for (const patch of patches) {
    if (patch.field in writers) continue;
    refused.push({ patch, reason: beyond[patch.field] ?? "no instruction says it" });
  }
  return { edits, refused };
}

function together(writings: readonly FieldWriting[]): FieldWriting {
  return {
    edits: writings.flatMap(({ edits }) => edits),
    made: writings.flatMap(({ made }) => made),
    refused: [],
    added: writings.reduce((sum, { added }) => sum + added, 0),
  };
}

const notAsMeant = "the text around it is such that docker build would not read the change as meant";

function isMeant(draft: DockerfileDraft, { edits, made, added }: FieldWriting): boolean {
  if (edits.length === 0) return true;
  const text = applyEdits(
    draft.text,
    edits.map((edit) => ({ file: "", ...edit })),
  );
  const earlier = { read: draft.instructions, common: Math.min(...edits.map(({ start }) => start)) };
  const after = draftOf(text, undefined, earlier);
  return (
    after.ok &&
    after.value.problems === draft.problems &&
    after.value.instructions.instructions.length === draft.instructions.instructions.length + added &&
    said(after.value.image) === said(applyPatches(draft.image, made))
  );
}

function said({ user, healthcheck, references }: DockerfileDraft["image"]): string {
  return JSON.stringify(
    [user, healthcheck, ...references].map((fact) => (fact.state === "set" ? fact.value : fact.state)),
  );
}
