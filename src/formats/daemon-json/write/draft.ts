import type { Node } from "jsonc-parser";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Engine } from "../../../model/engine.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { locator, type Span } from "../../values/positions.ts";
import { engineOf, tlsOf } from "../engine.ts";
import { parseJson, settingsOfJson } from "../json.ts";

/** A daemon.json with what it says and where. */
export interface DaemonJsonDraft {
  readonly text: string;
  /** Where the document may begin: behind a byte order mark. */
  readonly start: number;
  /** Undefined where the file is empty. */
  readonly root: Node | undefined;
  readonly engine: Engine;
  readonly style: Style;
  /** Whether dockerd listens on TCP where no host is given. */
  readonly isTls: boolean;
  readonly gaps: number;
  /** The members with this key: one, unless the file is odd. */
  readonly properties: ReadonlyMap<string, readonly Node[]>;
  readonly place: (node: Node) => FileOrigin;
}

/** Fails on what dockerd would not take for JSON. */
export function draftOf(text: string): Result<DaemonJsonDraft> {
  if (/^[ \t]*\[(?:Unit|Service|Socket)\][ \t\r]*$/m.test(text)) {
    return failed("flags in a systemd unit are changed there by hand (systemctl edit docker)");
  }
  // As the reader does it: every offset stays.
  const clean = text.replace(/^\uFEFF/, " ");
  const locate = locator("", clean);
  const { root, syntax } =
    clean.trim() === "" ? { root: undefined, syntax: undefined } : parseJson(clean, "", locate);
  if (syntax) return failed(syntax.reason);
  if (root && root.type !== "object" && root.type !== "null") {
    return failed("dockerd refuses a daemon.json that is not a JSON object");
  }
  const properties = new Map<string, Node[]>();
  for (const property of root?.children ?? []) {
    const key = String(property.children?.[0]?.value);
    const known = properties.get(key);
    if (known) known.push(property);
    else properties.set(key, [property]);
  }
  const settings = settingsOfJson(text, "");
  const tls = tlsOf(settings);
  return ok({
    text: clean,
    start: clean === text ? 0 : 1,
    root,
    engine: engineOf(settings),
    style: styleOf(clean, root),
    isTls: tls.state === "set" && tls.value !== "none",
    gaps: settings.gaps.length,
    properties,
    place: (node) => locate({ start: node.offset, end: node.offset + node.length }),
  });
}

/** How a file is written: what its author used, else what Docker's documentation uses. */
interface Style {
  readonly lineEnd: string;
  /** One level of indentation. */
  readonly unit: string;
  /** Between a key and its value: `: `. */
  readonly colon: string;
}

function styleOf(text: string, root: Node | undefined): Style {
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
function startsLine(text: string, { offset }: Node): boolean {
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

/** What stands in the span becomes `text`. */
export interface SpanEdit extends Span {
  readonly text: string;
}

/** What becomes of the children of an object or an array. */
interface Changes {
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
