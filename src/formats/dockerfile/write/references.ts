import { isEqual } from "../../../base/equal.ts";
import type { ImagePatch } from "../../../model/patch.ts";
import { placeOf } from "../read/facts.ts";
import type { DockerfileDraft } from "./draft.ts";
import type { FieldWriting, RefusedPatch, SpanEdit } from "./field.ts";

/** Replaces a reference everywhere, for example to add a digest. */
export function writeReferences(draft: DockerfileDraft, patches: readonly ImagePatch[]): FieldWriting {
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
  if (!/^[\w.\-/:@+[\]]+$/.test(reference)) return "what should stand there is no image reference";
  const isLiteral = at.every((index) => {
    const fact = draft.image.references[index];
    const place = draft.references[index];
    return fact?.state === "set" && place?.text === fact.value;
  });
  return isLiteral ? undefined : "a build argument names the image: pin what is passed for it";
}
