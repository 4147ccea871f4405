import type { Node } from "jsonc-parser";

/** How a file is written: what its author used, else what Docker's documentation uses. */
export interface Style {
  readonly lineEnd: string;
  /** One level of indentation. */
  readonly unit: string;
  /** Between a key and its value: `: `. */
  readonly colon: string;
}

export function styleOf(text: string, root: Node | undefined): Style {
  const feed = text.indexOf("\n");
  const first = root?.children?.[0];
  const [key, value] = first?.children ?? [];
  const unit = first && root ? lead(text, first).slice(lead(text, root).length) : "";
  return {
    lineEnd: feed > 0 && text[feed - 1] === "\r" ? "\r\n" : "\n",
    unit: first && startsLine(text, first) && unit !== "" ? unit : "  ",
    colon: key && value ? text.slice(key.offset + key.length, value.offset) : ": ",
  };
}

/** Whether nothing but white space stands before it in its line. */
export function startsLine(text: string, { offset }: Node): boolean {
  return (
    /^[ \t]*$/.test(text.slice(text.lastIndexOf("\n", offset - 1) + 1, offset)) &&
    text.lastIndexOf("\n", offset - 1) !== -1
  );
}

/** The indentation of the line that the node begins in. */
export function lead(text: string, { offset }: Node): string {
  const line = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  return /^[ \t]*/.exec(text.slice(line, offset))?.[0] ?? "";
}

/** A JSON value: objects over several lines where `indent` is given, lists of strings on one. */
export function spell(value: unknown, style: Style, indent: string | undefined): string {
  if (Array.isArray(value)) return `[${value.map((item) => spell(item, style, undefined)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = indent === undefined ? undefined : indent + style.unit;
  const members = Object.entries(value).map(([key, item]) => member(key, item, style, inner));
  if (members.length === 0) return "{}";
  if (indent === undefined) return `{ ${members.join(", ")} }`;
  const { lineEnd } = style;
  return `{${lineEnd}${inner}${members.join(`,${lineEnd}${inner}`)}${lineEnd}${indent}}`;
}

export function member(key: string, value: unknown, style: Style, indent: string | undefined): string {
  return `${JSON.stringify(key)}${style.colon}${spell(value, style, indent)}`;
}
