import type { Node } from "jsonc-parser";
import type { Span } from "../../values/positions.ts";
import { lead, type Style, startsLine } from "./draft.ts";

/** What stands in the span becomes `text`. */
export interface SpanEdit extends Span {
  readonly text: string;
}

/** What becomes of the children of an object or an array. */
export interface Changes {
  /** Members or elements that go. */
  readonly removed: ReadonlySet<Node>;
  /** What comes to the end: its text, given the indentation of its line, or none where it stands within a line. */
  readonly added: readonly ((indent: string | undefined) => string)[];
}

/** The edits of an object or an array, commas and line ends included. Replaced children are not its business. */
export function editContainer(
  text: string,
  node: Node,
  { removed, added }: Changes,
  style: Style,
): readonly SpanEdit[] {
  const children = node.children ?? [];
  const kept = children.filter((child) => !removed.has(child));
  const end = node.offset + node.length - 1;
  if (kept.length === 0) {
    if (children.length === 0 && added.length === 0) return [];
    return [{ start: node.offset + 1, end, text: inside(text, node, added, style) }];
  }
  const last = kept.at(-1);
  const edits: SpanEdit[] = [];
  if (last && added.length > 0) {
    const indent = startsLine(text, last) ? lead(text, last) : undefined;
    const comma = indent === undefined ? commaOf(text, children) : `,${style.lineEnd}${indent}`;
    const at = last.offset + last.length;
    edits.push({ start: at, end: at, text: added.map((each) => comma + each(indent)).join("") });
  }
  for (let from = 0; from < children.length; from += 1) {
    const first = children[from];
    if (!first || !removed.has(first)) continue;
    let to = from;
    while (to + 1 < children.length && isIn(removed, children[to + 1])) to += 1;
    const next = children[to + 1];
    const before = children[from - 1];
    const behind = children[to];
    if (next) edits.push({ start: first.offset, end: next.offset, text: "" });
    else if (before && behind) {
      edits.push({ start: before.offset + before.length, end: behind.offset + behind.length, text: "" });
    }
    from = to;
  }
  return edits;
}

/** What stands between the brackets where nothing of before is kept. */
function inside(text: string, node: Node, added: Changes["added"], style: Style): string {
  if (added.length === 0) return "";
  const [first] = node.children ?? [];
  const isOpen = first ? startsLine(text, first) : node.type === "object";
  if (!isOpen) {
    const padding = first ? text.slice(node.offset + 1, first.offset) : "";
    return padding + added.map((each) => each(undefined)).join(", ") + padding;
  }
  const outer = lead(text, node);
  const indent = outer + style.unit;
  const lines = added.map((each) => style.lineEnd + indent + each(indent)).join(",");
  return lines + style.lineEnd + outer;
}

/** What stands between the children: `, ` or `,`. */
function commaOf(text: string, children: readonly Node[]): string {
  const [first, second] = children;
  return first && second ? text.slice(first.offset + first.length, second.offset) : ", ";
}

function isIn(set: ReadonlySet<Node>, node: Node | undefined): boolean {
  return node !== undefined && set.has(node);
}
