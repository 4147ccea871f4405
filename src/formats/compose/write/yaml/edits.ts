import { isMap, type ParsedNode, type YAMLSeq } from "yaml";
import { colonEnd, columnOf, contentEnd, isPresent, type Layout, lineStart, nextLine } from "./layout.ts";
import { type FlowItem, flowEdits, flowStart, insertLines, type Piece, removeLines } from "./pieces.ts";
import {
  isInline,
  keyToken,
  renderBlock,
  renderEntry,
  renderFlow,
  renderFlowEntry,
  renderInline,
  renderItem,
} from "./render.ts";
import type { ListTree, MapTree, Tree, YamlMap, YamlPair } from "./tree.ts";

/** The edits that make a key's value what the tree says. */
export function valueEdits(pair: YamlPair, tree: Tree, inFlow: boolean, layout: Layout): readonly Piece[] {
  const { value } = pair;
  if (!value || tree.yaml !== value) return replaceValue(pair, tree, inFlow, layout);
  const after = colonEnd(pair, layout.text);
  const tag: Piece = { start: after, end: after, text: tree.tag ? ` ${tree.tag}` : "" };
  return [tag, ...insideEdits(tree, layout)];
}

/** The edits inside a value that stays. */
function insideEdits(tree: Tree, layout: Layout): readonly Piece[] {
  if (tree.kind === "leaf" || !tree.yaml) return [];
  if (tree.kind === "list") return listEdits(tree, tree.yaml, layout, insideEdits);
  return tree.yaml.flow ? flowMapEdits(tree, tree.yaml, layout) : blockMapEdits(tree, tree.yaml, layout);
}

function keptEdits(tree: MapTree, inFlow: boolean, layout: Layout): readonly Piece[] {
  return tree.entries.flatMap(({ key, pair, value }) => {
    if (!pair) return [];
    const { range } = pair.key;
    const wasKey = "value" in pair.key ? String(pair.key.value) : key;
    const renamed =
      key === wasKey ? [] : [{ start: range[0], end: range[1], text: keyToken(key, inFlow, layout) }];
    return [...renamed, ...valueEdits(pair, value, inFlow, layout)];
  });
}

function blockMapEdits(tree: MapTree, yaml: YamlMap, layout: Layout): readonly Piece[] {
  const { text } = layout;
  const first = yaml.items[0];
  if (!first) return [];
  const column = columnOf(text, first.key.range[0]);
  const kept = new Set(tree.entries.map((entry) => entry.pair));
  const firstKept = yaml.items.findIndex((pair) => kept.has(pair));
  const isCompact = text.slice(lineStart(text, first.key.range[0]), first.key.range[0]).trim() !== "";
  const removed = yaml.items.flatMap((pair, index): readonly Piece[] => {
    if (kept.has(pair)) return [];
    const next = yaml.items[firstKept];
    // What follows a dash on its own line: the next key moves up.
    if (isCompact && next && index < firstKept) {
      return index === 0 ? [{ start: pair.key.range[0], end: next.key.range[0], text: "" }] : [];
    }
    return [removeLines(pair.key.range[0], pairEnd(pair, text), layout)];
  });
  const lines = tree.entries.flatMap((entry) => (entry.pair ? [] : renderEntry(entry, column, layout)));
  return [
    ...keptEdits(tree, false, layout),
    ...removed,
    ...(lines.length > 0 ? [insertLines(blockEnd(yaml, column, text), lines, layout)] : []),
  ];
}

/** Behind the last line of a mapping and the comments that go on at its keys' column. */
function blockEnd(yaml: YamlMap, column: number, text: string): number {
  let at = nextLine(text, contentEnd(yaml, text));
  while (at < text.length && text[at - 1] === "\n") {
    const comment = /^( *)#/.exec(text.slice(at, text.indexOf("\n", at) + 1 || text.length));
    if (!comment || (comment[1]?.length ?? 0) < column) break;
    at = nextLine(text, at + 1);
  }
  return at;
}

function flowMapEdits(tree: MapTree, yaml: YamlMap, layout: Layout): readonly Piece[] {
  const kept = new Set(tree.entries.map((entry) => entry.pair));
  const [open, close] = yaml.range;
  let from = open + 1;
  const items: FlowItem[] = [];
  for (const pair of yaml.items) {
    const end = pairEnd(pair, layout.text);
    items.push({ start: flowStart(layout.text, from), end, kept: kept.has(pair) });
    from = end;
  }
  const fresh = tree.entries.flatMap((entry) => (entry.pair ? [] : [renderFlowEntry(entry, layout)]));
  return [
    ...keptEdits(tree, true, layout),
    ...flowEdits({ open, close, items, padding: " " }, fresh, layout),
  ];
}

function pairEnd(pair: YamlPair, text: string): number {
  return isPresent(pair.value) ? contentEnd(pair.value, text) : colonEnd(pair, text);
}

function replaceValue(pair: YamlPair, tree: Tree, inFlow: boolean, layout: Layout): readonly Piece[] {
  const { text } = layout;
  const after = colonEnd(pair, text);
  const end = pairEnd(pair, text);
  const propsEnd = endOfProps(text, after);
  const old = isPresent(pair.value) ? pair.value : undefined;
  const isBelow = old !== undefined && text.slice(after, old.range[0]).includes("\n");
  const isShort = inFlow || isInline(tree, layout);
  if (isShort) {
    const token = inFlow ? renderFlow(tree, layout) : renderInline(tree, layout);
    const spaced = token === "" ? "" : ` ${token}`;
    if (!old) return [{ start: after, end: after, text: text[after - 1] === ":" ? spaced : `:${spaced}` }];
    if (!isBelow && !hasTag(text, after, old) && token !== "") {
      return [{ start: old.range[0], end, text: token }];
    }
    if (!isBelow || inFlow) return [{ start: after, end, text: spaced }];
    return [
      { start: after, end: propsEnd, text: spaced },
      { start: lineEnd(text, after), end: lineEnd(text, end), text: "" },
    ];
  }
  const tag = tree.tag ? ` ${tree.tag}` : "";
  const lines = renderBlock(tree, columnOf(text, pair.key.range[0]), layout);
  if (!isBelow) return [{ start: after, end, text: tag }, insertLines(nextLine(text, end), lines, layout)];
  const last = nextLine(text, end);
  const joined = lines.join(layout.eol) + (text[last - 1] === "\n" ? layout.eol : "");
  return [
    { start: after, end: propsEnd, text: tag },
    { start: nextLine(text, after), end: last, text: joined },
  ];
}

function endOfProps(text: string, from: number): number {
  properties.lastIndex = from;
  return from + (properties.exec(text)?.[0].length ?? 0);
}

const properties = /(?:[ \t]+[&!][^\s,[\]{}]*)*/y;

/** A tag would go on to say what kind of value stands there. */
function hasTag(text: string, after: number, old: ParsedNode): boolean {
  return !isMap(old) && /(?:^|\s)!/.test(text.slice(after, old.range[0]));
}

/** The end of a line, before its line break. */
function lineEnd(text: string, offset: number): number {
  const next = nextLine(text, offset);
  if (text[next - 1] !== "\n") return next;
  return text[next - 2] === "\r" ? next - 2 : next - 1;
}

/** The edits inside an item that stays. */
type Inside = (item: Tree, layout: Layout) => readonly Piece[];

/** The edits of a list that stays: items changed in their place, taken out, and put at the end. */
function listEdits(tree: ListTree, yaml: YAMLSeq.Parsed, layout: Layout, inside: Inside): readonly Piece[] {
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
