import type { Node } from "jsonc-parser";
import { isEqual } from "../../../base/equal.ts";
import type { FactList } from "../../../model/fact.ts";
import { isFileOrigin, type Origin } from "../../../model/origin.ts";
import type { EnginePatch } from "../../../model/patch.ts";

export type ListPatch = Exclude<EnginePatch, { readonly op: "set" | "unset" }>;

/** An item of a list with the node that says it, as far as one does yet. */
export interface Item {
  /** Undefined where it is not understood, so that no patch can mean it. */
  readonly value: unknown;
  readonly node: Node | undefined;
}

/** The items of a list as they are read, with their nodes: elements, or the values of members. */
export function itemsOf(
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
export function patchedItems(items: readonly Item[], patch: ListPatch): readonly Item[] | undefined {
  const isMeant = ({ value }: Item) => value !== undefined && isEqual(value, patch.value);
  const isThere = items.some(isMeant);
  if (patch.op === "add") return isThere ? items : [...items, { value: patch.value, node: undefined }];
  if (!isThere) return undefined;
  return patch.op === "remove"
    ? items.filter((item) => !isMeant(item))
    : items.map((item) => (isMeant(item) ? { ...item, value: patch.with } : item));
}

/** What was taken out and put in again stands where it stood. */
export function inTheirPlaces(items: readonly Item[], before: readonly Item[]): readonly Item[] {
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
export function nameOfNode(node: Node): string | undefined {
  const key: unknown = node.parent?.type === "property" ? node.parent.children?.[0]?.value : undefined;
  return typeof key === "string" ? key : undefined;
}

export function sameItems(some: readonly Item[], others: readonly Item[]): boolean {
  const values = (items: readonly Item[]) => items.map(({ value }) => value);
  return isEqual(values(some), values(others));
}
