import type { ParsedNode, YAMLSeq } from "yaml";
import { columnOf, contentEnd, type Layout, nextLine } from "./layout.ts";
import { type FlowItem, flowEdits, flowStart, insertLines, type Piece, removeLines } from "./pieces.ts";
import { renderFlow, renderItem } from "./render.ts";
import type { ListTree, Tree } from "./tree.ts";

/** The edits inside an item that stays. */
export type Inside = (item: Tree, layout: Layout) => readonly Piece[];

/** The edits of a list that stays: items changed in their place, taken out, and put at the end. */
export function listEdits(
  tree: ListTree,
  yaml: YAMLSeq.Parsed,
  layout: Layout,
  inside: Inside,
): readonly Piece[] {
  return yaml.flow ? flowListEdits(tree, yaml, layout, inside) : blockListEdits(tree, yaml, layout, inside);
}

function standsIn(item: Tree): ParsedNode | undefined {
  return item.over ?? item.yaml;
}

function flowListEdits(
  tree: ListTree,
  yaml: YAMLSeq.Parsed,
  layout: Layout,
  insideEdits: Inside,
): readonly Piece[] {
  const own = new Set<ParsedNode>(yaml.items);
  const byNode = new Map(tree.items.map((item) => [standsIn(item), item]));
  const [open, close] = yaml.range;
  let from = open + 1;
  const items: FlowItem[] = [];
  const inside: Piece[] = [];
  for (const node of yaml.items) {
    const end = contentEnd(node, layout.text);
    const item = byNode.get(node);
    items.push({ start: flowStart(layout.text, from), end, kept: item !== undefined });
    if (item?.over) inside.push({ start: node.range[0], end, text: renderFlow(item, layout) });
    else if (item) inside.push(...insideEdits(item, layout));
    from = end;
  }
  const fresh = tree.items.filter((item) => !isOwn(item, own)).map((item) => renderFlow(item, layout));
  return [...inside, ...flowEdits({ open, close, items, padding: "" }, fresh, layout)];
}

function isOwn(item: Tree, own: ReadonlySet<ParsedNode>): boolean {
  const node = standsIn(item);
  return node !== undefined && own.has(node);
}

function blockListEdits(
  tree: ListTree,
  yaml: YAMLSeq.Parsed,
  layout: Layout,
  insideEdits: Inside,
): readonly Piece[] {
  const { text } = layout;
  const own = new Set<ParsedNode>(yaml.items);
  const byNode = new Map(tree.items.map((item) => [standsIn(item), item]));
  const column = columnOf(text, yaml.range[0]);
  const pieces: Piece[] = [];
  let from = yaml.range[0];
  let gap = 1;
  for (const node of yaml.items) {
    const item = byNode.get(node);
    const dash = dashAt(text, from, column);
    const end = contentEnd(node, text);
    const between = text.slice(dash + 1, node.range[0]);
    if (/^ +$/.test(between)) gap = between.length;
    if (!item) pieces.push(removeLines(dash, end, layout));
    else if (item.over) pieces.push(replaceItem(node, item, column, gap, layout));
    else pieces.push(...insideEdits(item, layout));
    from = nextLine(text, end);
  }
  const lines = tree.items
    .filter((item) => !isOwn(item, own))
    .flatMap((item) => renderItem(item, column, gap, layout));
  if (lines.length > 0) pieces.push(insertLines(nextLine(text, contentEnd(yaml, text)), lines, layout));
  return pieces;
}

function replaceItem(node: ParsedNode, item: Tree, column: number, gap: number, layout: Layout): Piece {
  const lines = renderItem(item, column, gap, layout).map((line, index) =>
    index === 0 ? line.slice(column + 1 + gap) : line,
  );
  return { start: node.range[0], end: contentEnd(node, layout.text), text: lines.join(layout.eol) };
}

/** The dash of the item that follows, past blank lines and comments. */
function dashAt(text: string, from: number, column: number): number {
  if (text[from] === "-" && columnOf(text, from) === column) return from;
  for (let at = from; at < text.length; at = nextLine(text, at + 1)) {
    if (text[at + column] === "-" && text.slice(at, at + column).trim() === "") return at + column;
    if (nextLine(text, at + 1) <= at) break;
  }
  return from;
}
