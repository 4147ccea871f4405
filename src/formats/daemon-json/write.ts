import type { Node } from "jsonc-parser";
import { failed, ok } from "../../base/result.ts";
import type { EngineLists, EngineScalars } from "../../model/engine.ts";
import { applyPatches, type EnginePatch } from "../../model/patch.ts";
import { applyEdits, saysSame, type Writing } from "../../model/writing.ts";
import { writeInCycle } from "../values/write-cycle.ts";
import { type DaemonJsonDraft, draftOf, editContainer, member, type SpanEdit, spell } from "./write/draft.ts";
import {
  beyond,
  type FieldWriting,
  listKeys,
  propertyOf,
  type RefusedPatch,
  refuseAll,
  scalarKeys,
} from "./write/keys.ts";
import { writeList } from "./write/list.ts";

export interface DaemonJsonWriting {
  /** "" where there is no such file yet. */
  readonly text: string;
  /** What the edits are for. */
  readonly file: string;
  readonly patches: readonly EnginePatch[];
}

/**
 * Edits a daemon.json so that the engine becomes what the patches say, in the file's own indentation; an empty text
 * becomes a new file. What is not the file's to say (a flag of dockerd, the kernel) is refused, as is everything in a
 * file that is no JSON, and what would not be read as meant once it is written. Never throws.
 * Source: https://docs.docker.com/reference/cli/dockerd/#daemon-configuration-file
 */
export function writeDaemonJson({ text, file, patches }: DaemonJsonWriting): Writing {
  const draft = draftOf(text);
  if (!draft.ok) return { edits: [], refused: patches.map((patch) => ({ patch, reason: draft.reason })) };
  const { edits, refused } = written(draft.value, patches);
  return { edits: edits.map((edit) => ({ file, ...edit })), refused };
}

function written(
  draft: DaemonJsonDraft,
  patches: readonly EnginePatch[],
): { readonly edits: readonly SpanEdit[]; readonly refused: readonly RefusedPatch[] } {
  const fields = [...new Set(patches.map(({ field }) => field))];
  const writings = fields.map((field) =>
    writeField(
      draft,
      field,
      patches.filter((patch) => patch.field === field),
    ),
  );
  const cycle = writeInCycle<FieldWriting, readonly FieldWriting[]>({
    together: () => (isMeant(draft, writings) ? writings : undefined),
    start: [],
    units: writings,
    add: (made, each) => {
      const more = [...made, each];
      return isMeant(draft, more) ? ok(more) : failed("another option of the file decides it");
    },
  });
  return {
    edits: editsOf(draft, cycle.state),
    refused: [
      ...writings.flatMap((writing) => writing.refused),
      ...cycle.refused.flatMap(({ unit, reason }) => unit.made.map((patch) => ({ patch, reason }))),
    ],
  };
}

function writeField(
  draft: DaemonJsonDraft,
  field: EnginePatch["field"],
  patches: readonly EnginePatch[],
): FieldWriting {
  const scalar = scalarKeys[field as keyof EngineScalars];
  if (scalar !== undefined) return writeScalar(draft, field as keyof EngineScalars, scalar, patches);
  const list = listKeys[field as keyof EngineLists];
  if (list) return writeList(draft, field as keyof EngineLists, list, patches);
  return refuseAll(patches, beyond[field] ?? "no option of dockerd says it");
}

function editsOf(draft: DaemonJsonDraft, writings: readonly FieldWriting[]): readonly SpanEdit[] {
  const { text, root, style } = draft;
  const inside = writings.flatMap(({ edits }) => edits ?? []);
  const removed = new Set<Node>(writings.flatMap((each) => each.removed ?? []));
  const members = writings.flatMap((each) => each.added ?? []);
  const added = members.map(
    ({ key, value }) =>
      (indent: string | undefined) =>
        member(key, value, style, indent),
  );
  if (root?.type === "object") return [...editContainer(text, root, { removed, added }, style), ...inside];
  if (added.length === 0) return inside;
  const { unit, lineEnd } = style;
  const lines = added.map((each) => lineEnd + unit + each(unit)).join(",");
  const start = root?.offset ?? draft.start;
  const end = root ? root.offset + root.length : text.length;
  return [{ start, end, text: `{${lines}${lineEnd}}${root ? "" : lineEnd}` }, ...inside];
}

/** Whether the text that the writings make is read as meant, and all else in it as before. */
function isMeant(draft: DaemonJsonDraft, writings: readonly FieldWriting[]): boolean {
  const edits = editsOf(draft, writings).map((edit) => ({ file: "", ...edit }));
  const after = draftOf(applyEdits(draft.text, edits));
  if (!after.ok || after.value.gaps > draft.gaps) return false;
  const made = writings.flatMap((writing) => writing.made);
  return saysSame(applyPatches(draft.engine, made), after.value.engine);
}

/** An option with one value. The last patch of several counts. */
function writeScalar(
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
