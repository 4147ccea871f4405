import type { Node } from "jsonc-parser";
import type { EnginePatch } from "../../../model/patch.ts";
import type { SpanEdit } from "./container.ts";
import type { DaemonJsonDraft } from "./draft.ts";

export interface RefusedPatch {
  readonly patch: EnginePatch;
  /** A clause that can follow a colon. */
  readonly reason: string;
}

/** What the patches of one field come to. */
export interface FieldWriting {
  /** The patches that were made. */
  readonly made: readonly EnginePatch[];
  readonly refused: readonly RefusedPatch[];
  /** A member of the file that goes. */
  readonly removed?: Node;
  /** A member that comes. */
  readonly added?: { readonly key: string; readonly value: unknown };
  /** Changes within a member that stays. */
  readonly edits?: readonly SpanEdit[];
}

/** The member with this key, and its value. A repeated key is a problem: only the last one would count. */
export function propertyOf(draft: DaemonJsonDraft, key: string) {
  const [property, ...more] = draft.properties.get(key) ?? [];
  const value = property?.children?.[1];
  const problem = more.length > 0 ? `“${key}” is written several times: leave one` : undefined;
  return { property, value, problem };
}

export function refuseAll(patches: readonly EnginePatch[], reason: string): FieldWriting {
  return { made: [], refused: patches.map((patch) => ({ patch, reason })) };
}
