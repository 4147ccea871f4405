import type { NameValue } from "../../../model/container-values.ts";
import { type FactList, set, unresolved } from "../../../model/fact.ts";
import {
  entriesOf,
  isNull,
  itemsOf,
  type MapEntry,
  type MapNode,
  mapOf,
  type Node,
  originOf,
  scalarOf,
  type TextRange,
} from "../yaml/node.ts";
import { missingReason } from "./facts.ts";

/**
 * `NAME=value` lists and mappings are the same to Compose: both as a mapping. An item without `=` has the value
 * null. The last of a repeated name stands, in the place of the first. Undefined where it is neither.
 */
export function asMapping(node: Node | undefined): MapNode | undefined {
  if (node?.kind === "map") return node;
  if (node?.kind !== "list") return undefined;
  const entries = new Map<string, MapEntry>();
  for (const each of itemsOf(node)) {
    if (each.kind === "scalar") entries.set(nameOf(each.text), splitItem(each));
    // A mapping with a dash before each line: docker compose refuses it, but its meaning is clear.
    for (const { name, ...entry } of entriesOf(each)) entries.set(name, entry);
  }
  return { ...mapOf(entries, node.place), tag: node.tag, listed: true };
}

/** The part of `NAME=value` before the first equals sign. */
export function nameOf(text: string): string {
  const equals = text.indexOf("=");
  return equals < 0 ? text : text.slice(0, equals);
}

function splitItem(each: Node & { readonly kind: "scalar" }): MapEntry {
  const { place, text, authored, missing } = each;
  const whole = { key: place, whole: place };
  const equals = text.indexOf("=");
  if (equals < 0) return { ...whole, value: { ...scalarOf(null, place), missing } };
  const value = {
    ...scalarOf(text.slice(equals + 1), place),
    authored: authored.slice(authored.indexOf("=") + 1),
    missing,
  };
  return { ...whole, value };
}

/** What stands behind the equals sign in the text itself, or all of an item that is written otherwise. */
export function valuePlace({ source, start, end }: TextRange): TextRange {
  const written = source.text.slice(start, end);
  const equals = written.indexOf("=");
  return { source, start: equals < 0 ? start : start + equals + 1, end };
}

/** Labels, options and kernel parameters. A value of null is the empty text. */
export function nameValues(node: Node | undefined): FactList<NameValue> {
  if (!node || isNull(node)) return [];
  const mapping = asMapping(node);
  if (!mapping) return [unresolved("a mapping or a list of NAME=value is expected here", originOf(node))];
  return entriesOf(mapping).map(({ name, value }) => {
    const missing = missingReason(value);
    if (missing !== undefined) return unresolved(missing, originOf(value));
    if (value.kind !== "scalar") return unresolved("a single value is expected here", originOf(value));
    return set({ name, value: value.text }, originOf(value));
  });
}
