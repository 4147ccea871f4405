import { type Document, isMap, isScalar, isSeq, type ParsedNode, visit } from "yaml";
import type { Quote } from "./token.ts";
import type { YamlPair } from "./tree.ts";

/** A file's layout, so that new text looks like the old. */
export interface Layout {
  readonly text: string;
  readonly eol: string;
  /** Columns that a mapping inside another is indented by. */
  readonly step: number;
  /** Columns that a list's dashes are indented by, under their key. */
  readonly dash: number;
  readonly quote: Quote;
  /** New lists in brackets, where all others are. */
  readonly flowLists: boolean;
  /** The file is JSON, and stays it: every key and text in double quotes. */
  readonly isJson: boolean;
}

/** What a document as a whole shows, for services that show nothing of it themselves. */
export type DocumentStyle = Pick<Layout, "eol" | "step" | "dash" | "flowLists" | "quote" | "isJson">;

export function documentStyle(text: string, { contents }: Document.Parsed): DocumentStyle {
  const step = stepOf(text, contents);
  const { dashes, flow } = listsIn(text, contents);
  return {
    eol: /\r?\n/.exec(text)?.[0] ?? "\n",
    step,
    dash: dashes[0] ?? step,
    flowLists: flow > 0 && dashes.length === 0,
    quote: quoteOf(contents) ?? "double",
    isJson: isJson(text),
  };
}

function isJson(text: string): boolean {
  if (!/^\s*\{/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

export function layoutOf(text: string, style: DocumentStyle, near: ParsedNode | null): Layout {
  const { dashes, flow } = listsIn(text, near);
  const showsLists = dashes.length + flow > 0;
  return {
    ...style,
    text,
    dash: dashes[0] ?? style.dash,
    flowLists: showsLists ? flow > 0 && dashes.length === 0 : style.flowLists,
    quote: quoteOf(near) ?? style.quote,
  };
}

export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf("\n", offset - 1) + 1;
}

export function columnOf(text: string, offset: number): number {
  return offset - lineStart(text, offset);
}

/** Where the line behind an offset begins, or the end of the text. */
export function nextLine(text: string, offset: number): number {
  if (offset > 0 && text[offset - 1] === "\n") return offset;
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end + 1;
}

/** Where a value ends, without the blank lines and comments that the range of a block takes in. */
export function contentEnd(yaml: ParsedNode, text: string): number {
  let node: ParsedNode = yaml;
  while ((isMap(node) || isSeq(node)) && !node.flow) {
    const last: ParsedNode | YamlPair | undefined = node.items.at(-1);
    if (!last) break;
    if ("key" in last && !isPresent(last.value)) return colonEnd(last, text);
    node = "key" in last ? (last.value ?? last.key) : last;
  }
  let end = node.range[1];
  if (!isScalar(node) || !node.type?.startsWith("BLOCK_")) return end;
  // `|+` keeps its blank lines.
  if (/^[|>][0-9]*\+/.test(text.slice(node.range[0], node.range[0] + 3))) return end;
  while (end > node.range[0] && /\s/.test(text[end - 1] ?? "")) end -= 1;
  return end;
}

/** Just behind the colon of `key:`. */
export function colonEnd(pair: YamlPair, text: string): number {
  const colon = text.indexOf(":", pair.key.range[1]);
  const between = colon < 0 ? "-" : text.slice(pair.key.range[1], colon);
  return between.trim() === "" ? colon + 1 : pair.key.range[1];
}

/** Whether anything is written for a value. */
export function isPresent(yaml: ParsedNode | null): yaml is ParsedNode {
  return yaml !== null && yaml.range[1] > yaml.range[0];
}

function stepOf(text: string, root: ParsedNode | null): number {
  if (!isMap(root)) return 2;
  for (const { key, value } of root.items) {
    if (!isMap(value) || value.flow || !value.items[0]) continue;
    const step = columnOf(text, value.items[0].key.range[0]) - columnOf(text, key.range[0]);
    if (step > 0 && step <= 8) return step;
  }
  return 2;
}

function listsIn(text: string, under: ParsedNode | null): { dashes: readonly number[]; flow: number } {
  const dashes: number[] = [];
  let flow = 0;
  if (under) {
    visit(under, {
      Pair(_, pair) {
        const { key, value } = pair as YamlPair;
        if (!isSeq(value)) return;
        if (value.flow) flow += isBracketList(key) ? 1 : 0;
        else dashes.push(Math.max(0, columnOf(text, value.range[0]) - columnOf(text, key.range[0])));
      },
    });
  }
  return { dashes, flow };
}

/** Commands are written in brackets by everybody, and say nothing about other lists. */
function isBracketList(key: ParsedNode): boolean {
  return !isScalar(key) || !["command", "entrypoint", "test"].includes(String(key.value));
}

function quoteOf(under: ParsedNode | null): Quote | undefined {
  let single = 0;
  let double = 0;
  if (under) {
    visit(under, {
      Scalar(_, { type }) {
        if (type === "QUOTE_SINGLE") single += 1;
        if (type === "QUOTE_DOUBLE") double += 1;
      },
    });
  }
  if (single + double === 0) return undefined;
  return single > double ? "single" : "double";
}
