import type { EngineScalars } from "../../../model/engine.ts";
import type { EnginePatch } from "../../../model/patch.ts";
import type { DaemonJsonDraft } from "./draft.ts";
import { type FieldWriting, propertyOf, refuseAll } from "./field.ts";
import { spell } from "./style.ts";

/** An option with one value. The last patch of several counts. */
export function writeScalar(
  draft: DaemonJsonDraft,
  field: keyof EngineScalars,
  key: string,
  patches: readonly EnginePatch[],
): FieldWriting {
  const last = patches.at(-1);
  const { property, value, problem } = propertyOf(draft, key);
  if (!last) return { made: [], refused: [] };
  if (problem !== undefined) return refuseAll(patches, problem);
  const done = { made: patches, refused: [] };
  const fact = draft.engine[field];
  if (last.op === "unset") return property && fact.state !== "unset" ? { ...done, removed: property } : done;
  if (last.op !== "set" || (fact.state === "set" && fact.value === last.value)) return done;
  const added = { key, value: last.value };
  if (!value) return { ...done, added };
  const text = spell(last.value, draft.style, undefined);
  return { ...done, edits: [{ start: value.offset, end: value.offset + value.length, text }] };
}
