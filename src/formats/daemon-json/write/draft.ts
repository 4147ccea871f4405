import type { Node } from "jsonc-parser";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Engine } from "../../../model/engine.ts";
import type { FileOrigin } from "../../../model/origin.ts";
import { locator } from "../../values/positions.ts";
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
export interface Style {
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
