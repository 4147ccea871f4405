import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { Container } from "../../../src/model/container.ts";
import type { Engine } from "../../../src/model/engine.ts";
import type { Image } from "../../../src/model/image.ts";
import { applyPatches, type Patch } from "../../../src/model/patch.ts";
import type { View } from "../../../src/model/subject.ts";
import { applyEdits, type Writing } from "../../../src/model/writing.ts";

/**
 * What a view says, without where it says so: for comparing what was read with what was meant. Lists are compared without
 * their order, unresolved facts by being so.
 */
export function factsOf(view: View): unknown {
  return Object.fromEntries(
    Object.entries(view)
      .filter(([field]) => !["kind", "level", "processes", "container"].includes(field))
      .map(([field, fact]): [string, unknown] => [
        field,
        Array.isArray(fact) ? fact.map(said).toSorted() : said(fact),
      ]),
  );
}

function said(fact: { readonly state: string; readonly value?: unknown }): string {
  return fact.state === "set" ? JSON.stringify(fact.value) : fact.state;
}

/**
 * The law of formats: reading what was written equals applying the patches to what was read, every character outside the
 * edits is untouched (`applyEdits` sees to that), and writing once more changes nothing where applying once more changes
 * nothing. Refused patches are left out on both sides.
 */
export function expectLaw<V extends Container | Engine | Image>(law: {
  readonly text: string;
  readonly read: (text: string) => V | undefined;
  readonly write: (text: string, patches: readonly Patch[]) => Writing;
  readonly patches: readonly Patch[];
  /** Makes equal what means the same in this format: an absent `--privileged` and `--privileged=false`. */
  readonly alike?: (view: V) => V;
}): void {
  const { alike = (view) => view } = law;
  const before = law.read(law.text);
  if (!before) return;
  const writing = law.write(law.text, law.patches);
  const refused = new Set(writing.refused.map((each) => JSON.stringify(each.patch)));
  const made = law.patches.filter((patch) => !refused.has(JSON.stringify(patch)));
  const written = applyEdits(law.text, writing.edits);
  const after = law.read(written);
  const wanted = applyPatches(before, made);
  expect(after && factsOf(alike(after)), written).toEqual(factsOf(alike(wanted)));
  // An item that is put in and changed into another is put in anew by the same patches.
  const isLasting = isDeepStrictEqual(factsOf(applyPatches(wanted, made)), factsOf(wanted));
  if (isLasting) {
    // What is taken out and put in again in one go is two edits that leave the text as it was.
    expect(applyEdits(written, law.write(written, made).edits), "a second time").toBe(written);
  }
}
