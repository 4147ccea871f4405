import type { Patch } from "./patch.ts";

/** A change of a text: what stands from `start` to `end` (UTF-16 units, end exclusive) becomes `text`. */
export interface Edit {
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What a format's writer makes of patches: the edits, and what it could not write, each with why. */
export interface Writing {
  readonly edits: readonly Edit[];
  readonly refused: readonly { readonly patch: Patch; readonly reason: string }[];
}

/**
 * The text with the edits made. Every character outside them is untouched. Edits of one file must not overlap; two
 * insertions at one place are made in their order.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const sorted = edits
    .map((edit, order) => ({ edit, order }))
    .toSorted((a, b) => a.edit.start - b.edit.start || a.order - b.order);
  let at = 0;
  let changed = "";
  for (const { edit } of sorted) {
    if (edit.start < at) throw new Error(`edits of ${edit.file} overlap at ${edit.start}`);
    changed += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return changed + text.slice(at);
}
