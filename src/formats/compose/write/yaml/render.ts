import type { Layout } from "./layout.ts";
import { inQuotes, isPlain } from "./token.ts";
import type { Entry, Tree } from "./tree.ts";

/** In one line: a scalar as it is, the rest in brackets and braces. */
export function renderInline(tree: Tree, layout: Layout): string {
  if (tree.kind !== "leaf") return renderFlow(tree, layout);
  return tree.tag ? `${tree.tag} ${tree.token}` : tree.token;
}

/** Between brackets or braces. */
export function renderFlow(tree: Tree, layout: Layout): string {
  const tag = tree.tag ? `${tree.tag} ` : "";
  if (tree.kind === "leaf") return tag + flowToken(tree.token, layout);
  if (tree.kind === "list") return `${tag}[${tree.items.map((item) => renderFlow(item, layout)).join(", ")}]`;
  const entries = tree.entries.map((entry) => renderFlowEntry(entry, layout));
  return entries.length === 0 ? `${tag}{}` : `${tag}{ ${entries.join(", ")} }`;
}

export function renderFlowEntry({ key, value }: Entry, layout: Layout): string {
  const text = renderFlow(value, layout);
  return `${keyToken(key, true, layout)}:${text === "" ? "" : ` ${text}`}`;
}

/** `key: value` as lines of a block that is indented by `indent` columns. */
export function renderEntry({ key, value }: Entry, indent: number, layout: Layout): readonly string[] {
  const start = `${" ".repeat(indent)}${keyToken(key, false, layout)}:`;
  if (isInline(value, layout)) {
    const text = renderInline(value, layout);
    return [text === "" ? start : `${start} ${text}`];
  }
  return [`${start}${value.tag ? ` ${value.tag}` : ""}`, ...renderBlock(value, indent, layout)];
}

/** The lines of a block value below a key at column `indent`. */
export function renderBlock(value: Tree, indent: number, layout: Layout): readonly string[] {
  if (value.kind === "list") {
    return value.items.flatMap((item) => renderItem(item, indent + layout.dash, 1, layout));
  }
  if (value.kind === "leaf") return [`${" ".repeat(indent + layout.step)}${value.token}`];
  return value.entries.flatMap((entry) => renderEntry(entry, indent + layout.step, layout));
}

/** `- item`, with as many spaces behind the dash as its siblings have. */
export function renderItem(item: Tree, column: number, gap: number, layout: Layout): readonly string[] {
  const start = `${" ".repeat(column)}-`;
  const space = " ".repeat(gap);
  if (item.kind !== "map" || item.entries.length === 0)
    return [`${start}${space}${renderInline(item, layout)}`.trimEnd()];
  const lines = item.entries.flatMap((entry) => renderEntry(entry, column + 1 + gap, layout));
  return lines.map((line, index) => (index === 0 ? `${start}${space}${line.trimStart()}` : line));
}

/** Whether a value stands behind its key on the same line. */
export function isInline(value: Tree, layout: Layout): boolean {
  if (value.kind === "leaf") return true;
  if (value.kind === "map") return value.entries.length === 0;
  if (value.items.length === 0) return true;
  return layout.flowLists && value.items.every((item) => item.kind === "leaf");
}

function flowToken(token: string, { isJson }: Layout): string {
  const isSafe = isJson ? isJsonToken(token) : isFlowSafe(token);
  return isSafe ? token : inQuotes(token, "double");
}

function isJsonToken(token: string): boolean {
  return /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?|"(?:[^"\\]|\\.)*"|\[\]|\{\})$/s.test(token);
}

function isFlowSafe(token: string): boolean {
  return /^(?:'.*'|"(?:[^"\\]|\\.)*"|\[\]|\{\})$/s.test(token) || !/[,[\]{}]/.test(token);
}

/** A key as it is written. */
export function keyToken(key: string, inFlow: boolean, { isJson }: Layout): string {
  return !isJson && (key === "<<" || isPlain(key, inFlow)) ? key : JSON.stringify(key);
}
