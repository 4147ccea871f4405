import { isEqual } from "../base/equal.ts";
import { isRecord } from "../base/json.ts";
import type { Patch } from "./patch.ts";
import type { View } from "./subject.ts";

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

/** Whether two views say the same. Where they say it does not count, nor the order of lists, nor why a fact is unresolved. */
export function saysSame<V extends View>(one: V, other: V): boolean {
  return Object.keys(other).every((field) => isSaidAlike(Reflect.get(one, field), Reflect.get(other, field)));
}

/** The same for one field: a fact or a list of facts. */
export function isSaidAlike(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!Array.isArray(one) || !Array.isArray(other)) return isSameFact(one, other);
  if (one.length !== other.length) return false;
  if (one.every((item, index) => isSameFact(item, other[index]))) return true;
  const left: unknown[] = [...other];
  return one.every((item) => {
    const at = left.findIndex((each) => isSameFact(item, each));
    if (at === -1) return false;
    left.splice(at, 1);
    return true;
  });
}

function isSameFact(one: unknown, other: unknown): boolean {
  if (!isRecord(one) || !isRecord(other)) return one === other;
  return one.state === other.state && (one.state !== "set" || isEqual(one.value, other.value));
}
