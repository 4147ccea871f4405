import type { Node } from "jsonc-parser";
import { isEqual } from "../../../base/equal.ts";
import type { EngineLists } from "../../../model/engine.ts";
import type { EnginePatch } from "../../../model/patch.ts";
import { editContainer, type SpanEdit } from "./container.ts";
import type { DaemonJsonDraft } from "./draft.ts";
import { type FieldWriting, propertyOf, type RefusedPatch, refuseAll } from "./field.ts";
import { type Item, inTheirPlaces, itemsOf, nameOfNode, patchedItems, sameItems } from "./items.ts";
import type { ListKey } from "./keys.ts";
import { lead, member, spell } from "./style.ts";

const notHere = "it is not in this file: dockerd may have it from a flag";

/** An option with several values: an array of strings, or an object whose members are the items. */
export function writeList(
  draft: DaemonJsonDraft,
  field: keyof EngineLists,
  list: ListKey,
  patches: readonly EnginePatch[],
): FieldWriting {
  const { key } = list;
  const { property, value, problem } = propertyOf(draft, key);
  const isNothing = !value || value.type === "null";
  if (problem !== undefined) return refuseAll(patches, problem);
  if (!isNothing && value.type !== list.type) {
    return refuseAll(patches, `dockerd refuses what “${key}” is: put that right first`);
  }
  const before = itemsOf(draft.engine[field], value, draft.place);
  const made: EnginePatch[] = [];
  const refused: RefusedPatch[] = [];
  let items = before;
  for (const patch of patches) {
    if (patch.op === "set" || patch.op === "unset") continue;
    const next = patchedItems(items, patch);
    const isRepeated = made.some((each) => isEqual(each, patch));
    const reason = next ? reasonAgainst(draft, list, next) : isRepeated ? undefined : notHere;
    if (reason !== undefined) refused.push({ patch, reason });
    else {
      made.push(patch);
      items = next ?? items;
    }
  }
  const done = { made, refused };
  items = inTheirPlaces(items, before);
  if (sameItems(items, before)) return done;
  if (items.length === 0) return property ? { ...done, removed: property } : done;
  if (!isNothing) return { ...done, edits: editsOf(draft, list, value, before, items) };
  const whole = wholeOf(list, items);
  if (!value) return { ...done, added: { key, value: whole } };
  const text = spell(whole, draft.style, undefined);
  return { ...done, edits: [{ start: value.offset, end: value.offset + value.length, text }] };
}

function reasonAgainst(draft: DaemonJsonDraft, list: ListKey, items: readonly Item[]): string | undefined {
  if (list.key === "hosts" && items.length === 0 && draft.isTls) {
    return "with TLS and no hosts dockerd listens on tcp://localhost:2376: put unix:///var/run/docker.sock in its place";
  }
  if (list.type === "array") return undefined;
  const names = items.map(({ node, value }) =>
    value === undefined && node ? nameOfNode(node) : list.nameOf(value),
  );
  return new Set(names).size < names.length ? `“${list.key}” has an entry of that name already` : undefined;
}

function wholeOf(list: ListKey, items: readonly Item[]): unknown {
  const values = items.map(({ value }) => list.spell(value));
  if (list.type === "array") return values;
  return Object.fromEntries(items.map(({ value }, index) => [list.nameOf(value), values[index]]));
}

function editsOf(
  draft: DaemonJsonDraft,
  list: ListKey,
  container: Node,
  before: readonly Item[],
  after: readonly Item[],
): readonly SpanEdit[] {
  const old = new Map(before.map(({ node, value }) => [node, value]));
  const kept = new Set(after.map(({ node }) => node));
  const gone = new Set(before.flatMap(({ node }) => (node && !kept.has(node) ? [node] : [])));
  const byName = new Map([...gone].map((node) => [nameOfNode(node) ?? "", node]));
  const edits: SpanEdit[] = [];
  const added: ((indent: string | undefined) => string)[] = [];
  for (const { node, value } of after) {
    // What takes the place of an entry of its name (a limit that was none) stands where that stood.
    const place = node ?? (list.type === "object" ? byName.get(list.nameOf(value)) : undefined);
    if (!place) added.push((indent) => spellItem(draft, list, value, indent));
    else if (!node || !isEqual(old.get(node), value)) {
      gone.delete(place);
      edits.push(replacement(draft, list, place, value));
    }
  }
  const removed = new Set([...gone].map((node) => (list.type === "object" ? (node.parent ?? node) : node)));
  return [...editContainer(draft.text, container, { removed, added }, draft.style), ...edits];
}

function spellItem(
  { style }: DaemonJsonDraft,
  list: ListKey,
  value: unknown,
  indent: string | undefined,
): string {
  const spelled = list.spell(value);
  if (list.type === "array") return spell(spelled, style, undefined);
  return member(list.nameOf(value), spelled, style, indent);
}

/** A member whose name stays keeps its key, too. */
function replacement(draft: DaemonJsonDraft, list: ListKey, node: Node, value: unknown): SpanEdit {
  const { text, style } = draft;
  const end = node.offset + node.length;
  const indent = text.slice(node.offset, end).includes("\n") ? lead(text, node) : undefined;
  if (list.type === "array" || list.nameOf(value) === nameOfNode(node)) {
    return { start: node.offset, end, text: spell(list.spell(value), style, indent) };
  }
  return { start: node.parent?.offset ?? node.offset, end, text: spellItem(draft, list, value, indent) };
}
