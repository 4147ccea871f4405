import type { ImagePatch } from "../../../model/patch.ts";
import type { Span } from "../../values/positions.ts";

/** What stands in the span becomes `text`. */
export interface SpanEdit extends Span {
  readonly text: string;
}

export interface RefusedPatch {
  readonly patch: ImagePatch;
  /** A clause that can follow a colon. */
  readonly reason: string;
}

/** What the patches of one field come to. */
export interface FieldWriting {
  readonly edits: readonly SpanEdit[];
  /** The patches that the edits make. */
  readonly made: readonly ImagePatch[];
  readonly refused: readonly RefusedPatch[];
  /** How many instructions the edits add. */
  readonly added: number;
}
