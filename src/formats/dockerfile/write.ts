import { isEqual } from "../../base/equal.ts";
import { failed, ok } from "../../base/result.ts";
import { applyPatches, type ImagePatch } from "../../model/patch.ts";
import { applyEdits, type Edit, type Writing } from "../../model/writing.ts";
import { writeInCycle } from "../values/write-cycle.ts";
import { placeOf } from "./read/facts.ts";
import type { DockerfileReading } from "./read.ts";
import {
  type DockerfileDraft,
  draftOf,
  type FieldWriting,
  insertion,
  ownInstructions,
  type RefusedPatch,
  type SpanEdit,
} from "./write/draft.ts";

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
  environment: "the build may need what ENV sets: whether it does is not known",
  buildArguments: "the build may need what ARG takes: whether it does is not known",
  sudoCommands: "what a RUN does without sudo depends on the user it runs as",
  setuidCommands: "whether a program works without its setuid bit is not known",
  exposedPorts: "EXPOSE publishes nothing: it says what the program listens on",
  history: "only an image that is built has one",
  builderLayers: "only an image that is built has one",
  entrypoint: "what an image runs is not for a patch to say",
  command: "what an image runs is not for a patch to say",
  workingDirectories: "programs of the image may look for their files there",
  contextSecrets: "the files are beside the Dockerfile, not in it",
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
    patchWords(after.value.image) === patchWords(applyPatches(draft.image, made))
  );
}

function patchWords({ user, healthcheck, references }: DockerfileDraft["image"]): string {
  return JSON.stringify(
    [user, healthcheck, ...references].map((fact) => (fact.state === "set" ? fact.value : fact.state)),
  );
}

/** Turns the health check off. Which command would be one is for people to say. */
function writeHealthcheck(draft: DockerfileDraft, patches: readonly ImagePatch[]): FieldWriting {
  const { healthcheck } = draft.image;
  const current = healthcheck.state === "set" ? healthcheck.value : undefined;
  const made: ImagePatch[] = [];
  const refused: RefusedPatch[] = [];
  let isOff = current === "none";
  for (const patch of patches) {
    if (patch.op === "set" && patch.field === "healthcheck" && patch.value === "none") {
      isOff = true;
      made.push(patch);
    } else if (patch.op === "set" && current === "command" && !isOff) made.push(patch);
    else if (patch.op === "set") {
      refused.push({ patch, reason: "the command that tells whether the server is healthy is not known" });
    } else refused.push({ patch, reason: "without its HEALTHCHECK the image has whatever its base sets" });
  }
  if (!isOff || current === "none") return { edits: [], made, refused, added: 0 };
  const own = ownInstructions(draft);
  const present = own.findLast(({ keyword, rest }) => keyword === "HEALTHCHECK" && rest.text !== "");
  if (!present) return { edits: [insertion(draft, "HEALTHCHECK", "NONE")], made, refused, added: 1 };
  return {
    edits: [{ start: present.keywordSpan.end, end: present.span.end, text: " NONE" }],
    made,
    refused,
    added: 0,
  };
}

/** Replaces a reference everywhere, for example to add a digest. */
function writeReferences(draft: DockerfileDraft, patches: readonly ImagePatch[]): FieldWriting {
  const made: ImagePatch[] = [];
  const refused: RefusedPatch[] = [];
  const now = draft.image.references.map((fact) => (fact.state === "set" ? fact.value : undefined));
  for (const patch of patches) {
    if (patch.op !== "replace" || patch.field !== "references") {
      refused.push({ patch, reason: "the build is made of what it starts from and copies from" });
      continue;
    }
    const at = now.flatMap((reference, index) => (reference === patch.value ? [index] : []));
    const isRepeated = made.some((each) => isEqual(each, patch));
    const reason = isRepeated ? undefined : reasonAgainst(draft, at, patch.with);
    if (reason !== undefined) refused.push({ patch, reason });
    else {
      made.push(patch);
      for (const index of at) now[index] = patch.with;
    }
  }
  const edits = now.flatMap((text, index): readonly SpanEdit[] => {
    const fact = draft.image.references[index];
    const place = draft.references[index];
    if (text === undefined || !place || fact?.state !== "set" || fact.value === text) return [];
    return [{ ...placeOf(place), text }];
  });
  return { edits, made, refused, added: 0 };
}

function reasonAgainst(draft: DockerfileDraft, at: readonly number[], reference: string): string | undefined {
  if (at.length === 0) return "the file does not name this image";
  if (!/^[\w.\-/:@+[\]]+$/.test(reference)) return "the new base is not an image reference";
  const isLiteral = at.every((index) => {
    const fact = draft.image.references[index];
    const place = draft.references[index];
    return fact?.state === "set" && place?.text === fact.value;
  });
  return isLiteral ? undefined : "a build argument names the image: pin what is passed for it";
}

/**
 * Makes the stage end with USER: the argument of its last one is replaced, unless a RUN stands behind it, which needs the
 * user that it has (`USER root`, `RUN apt-get …`); then, and where there is none, a USER is added.
 */
function writeUser(draft: DockerfileDraft, patches: readonly ImagePatch[]): FieldWriting {
  const made: ImagePatch[] = [];
  const refused: RefusedPatch[] = [];
  let wanted: string | undefined;
  for (const patch of patches) {
    if (patch.op !== "set" || patch.field !== "user") {
      refused.push({ patch, reason: "without its USER the image runs as whatever its base sets" });
    } else if (!/^[^\s\p{Cc}]+$/u.test(patch.value)) {
      refused.push({ patch, reason: "USER takes one word" });
    } else {
      made.push(patch);
      wanted = patch.value;
    }
  }
  const { user } = draft.image;
  if (wanted === undefined || (user.state === "set" && user.value === wanted)) {
    return { edits: [], made, refused, added: 0 };
  }
  const argument = spell(wanted, draft.instructions.escapeToken);
  const own = ownInstructions(draft);
  const last = own.findLastIndex(({ keyword, rest }) => keyword === "USER" && rest.text !== "");
  const present =
    last === -1 || own.slice(last).some(({ keyword }) => keyword === "RUN") ? undefined : own[last];
  return present
    ? { edits: [{ ...placeOf(present.rest), text: argument }], made, refused, added: 0 }
    : { edits: [insertion(draft, "USER", argument)], made, refused, added: 1 };
}

/** What would be a variable, a quote, an escape or a flag is escaped. */
function spell(user: string, escapeToken: string): string {
  const escaped = [...user].map((char) =>
    char === "$" || char === "'" || char === '"' || char === escapeToken ? escapeToken + char : char,
  );
  return user.startsWith("--") ? `"${escaped.join("")}"` : escaped.join("");
}
