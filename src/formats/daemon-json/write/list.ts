import type { Node } from "jsonc-parser";
import { isEqual } from "../../../base/equal.ts";
import type { EngineLists } from "../../../model/engine.ts";
import type { FactList } from "../../../model/fact.ts";
import { isFileOrigin, type Origin } from "../../../model/origin.ts";
import type { EnginePatch } from "../../../model/patch.ts";
import { type DaemonJsonDraft, editContainer, lead, member, type SpanEdit, spell } from "./draft.ts";
import { type FieldWriting, type ListKey, propertyOf, type RefusedPatch, refuseAll } from "./keys.ts";

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

type ListPatch = Exclude<EnginePatch, { readonly op: "set" | "unset" }>;

/** An item of a list with the node that says it, as far as one does yet. */
interface Item {
  /** Undefined where it is not understood, so that no patch can mean it. */
  readonly value: unknown;
  readonly node: Node | undefined;
}

/** The items of a list as they are read, with their nodes: elements, or the values of members. */
function itemsOf(
  facts: FactList<unknown>,
  value: Node | undefined,
  place: (node: Node) => Origin,
): readonly Item[] {
  const nodes = new Map<string, Node>();
  for (const child of value?.children ?? []) {
    const node = child.type === "property" ? child.children?.[1] : child;
    if (node) nodes.set(placeKey(place(node)), node);
  }
  return facts.map((fact) => ({
    value: fact.state === "set" ? fact.value : undefined,
    node: fact.origins.map((origin) => nodes.get(placeKey(origin))).find((node) => node !== undefined),
  }));
}

function placeKey(origin: Origin): string {
  return isFileOrigin(origin) ? `${origin.startLine}:${origin.startColumn}` : "";
}

/** The items after a patch; undefined where it speaks of one that is not there. */
function patchedItems(items: readonly Item[], patch: ListPatch): readonly Item[] | undefined {
  const isMeant = ({ value }: Item) => value !== undefined && isEqual(value, patch.value);
  const isThere = items.some(isMeant);
  if (patch.op === "add") return isThere ? items : [...items, { value: patch.value, node: undefined }];
  if (!isThere) return undefined;
  return patch.op === "remove"
    ? items.filter((item) => !isMeant(item))
    : items.map((item) => (isMeant(item) ? { ...item, value: patch.with } : item));
}

/** What was taken out and put in again stands where it stood. */
function inTheirPlaces(items: readonly Item[], before: readonly Item[]): readonly Item[] {
  const kept = new Set(items.map(({ node }) => node));
  const free = new Map(
    before.filter(({ node }) => node && !kept.has(node)).map((item) => [JSON.stringify(item.value), item]),
  );
  const placed = items.map((item) => (item.node ? item : (free.get(JSON.stringify(item.value)) ?? item)));
  const order = new Map(before.map(({ node }, index) => [node, index]));
  const rank = ({ node }: Item) => (node && order.get(node)) ?? before.length;
  return placed.toSorted((one, other) => rank(one) - rank(other));
}

/** The key of the member that the node is the value of. */
function nameOfNode(node: Node): string | undefined {
  const key: unknown = node.parent?.type === "property" ? node.parent.children?.[0]?.value : undefined;
  return typeof key === "string" ? key : undefined;
}

function sameItems(some: readonly Item[], others: readonly Item[]): boolean {
  const values = (items: readonly Item[]) => items.map(({ value }) => value);
  return isEqual(values(some), values(others));
}
