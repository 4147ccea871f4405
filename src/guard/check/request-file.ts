import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import * as z from "zod/mini";
import { locator } from "../../formats/values/positions.ts";
import type { FileOrigin } from "../../model/origin.ts";
import type { ReceivedRequest } from "../request/request.ts";

/** What is known of the objects that a request names, by kind and name; null is “there is no such thing”. */
export type Known = Readonly<Partial<Record<KnownKind, Readonly<Record<string, unknown>>>>>;
export type KnownKind = (typeof knownKinds)[number];

const knownKinds = [
  "container",
  "exec",
  "image",
  "volume",
  "network",
  "service",
  "task",
  "node",
  "secret",
  "config",
  "plugin",
  "hostPath",
] as const;

export interface RequestFile {
  readonly raw: ReceivedRequest;
  readonly known: Known;
  /** The Engine's own words, as /info and /version have them; undefined for an ordinary one. */
  readonly engine: { readonly info: unknown; readonly version: unknown } | undefined;
}

export type ReadRequestFile =
  | { readonly ok: true; readonly value: RequestFile }
  | { readonly ok: false; readonly reason: string; readonly location: FileOrigin };

const documents = z.record(z.string(), z.unknown());

const form = z.strictObject({
  method: z.optional(z.string()),
  path: z.string(),
  headers: z.optional(z.record(z.string(), z.union([z.string(), z.array(z.string())]))),
  /** Any JSON. */
  body: z.optional(z.unknown()),
  /** The body byte for byte, for what JSON cannot say twice. */
  bodyText: z.optional(z.string()),
  known: z.optional(z.partialRecord(z.enum(knownKinds), documents)),
  engine: z.optional(z.strictObject({ info: z.optional(z.unknown()), version: z.optional(z.unknown()) })),
});

/**
 * Reads what `bulkhead guard check` takes: a request with what is known of the objects that it names, or the body of a create
 * request alone, which is whatever has no `path`.
 */
export function readRequestFile(text: string, file: string): ReadRequestFile {
  const at = locator(file, text);
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { disallowComments: true });
  const [error] = errors;
  if (error || !tree) {
    const start = error?.offset ?? 0;
    const what = error ? printParseErrorCode(error.error) : "";
    return {
      ok: false,
      reason: `this is not JSON${what === "" ? "" : ` (${what.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()})`}`,
      location: at({ start, end: start + (error?.length ?? 0) }),
    };
  }
  if (tree.type !== "object") {
    return { ok: false, reason: "an object is expected", location: at(spanOf(tree)) };
  }
  if (!findNodeAtLocation(tree, ["path"])) {
    return { ok: true, value: { raw: createOf(text), known: {}, engine: undefined } };
  }
  const parsed = form.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const { reason, node } = faultOf(parsed.error.issues[0], tree);
    return { ok: false, reason, location: at(spanOf(node)) };
  }
  const { known = {}, engine } = parsed.data;
  return {
    ok: true,
    value: {
      raw: requestOf(parsed.data),
      known,
      engine: engine && { info: engine.info, version: engine.version },
    },
  };
}

/** What is wrong, and the key or value that is wrong. */
function faultOf(
  issue: z.core.$ZodIssue | undefined,
  tree: Node,
): { readonly reason: string; readonly node: Node } {
  const path = (issue?.path ?? []).map((part) => (typeof part === "number" ? part : String(part)));
  const where = path.length > 0 ? `${path.join(".")}: ` : "";
  if (issue?.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const value = findNodeAtLocation(tree, [...path, key]);
    return { reason: `${where}there is no key “${key}”`, node: value?.parent?.children?.[0] ?? tree };
  }
  return {
    reason: `${where}it is not of the type that is expected`,
    node: findNodeAtLocation(tree, path) ?? tree,
  };
}

function spanOf({ offset, length }: Node): { readonly start: number; readonly end: number } {
  return { start: offset, end: offset + length };
}

function createOf(text: string): ReceivedRequest {
  const bytes = Buffer.from(text);
  return {
    method: "POST",
    target: "/containers/create",
    headers: jsonHeaders(bytes),
    body: { kind: "bytes", bytes },
  };
}

function requestOf({ method, path, headers = {}, body, bodyText }: z.infer<typeof form>): ReceivedRequest {
  const text = bodyText ?? (body === undefined ? undefined : JSON.stringify(body));
  const bytes = text === undefined ? undefined : Buffer.from(text);
  const said = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, value] as const),
  );
  const missing = (bytes ? jsonHeaders(bytes) : []).filter(
    ([name]) => !said.some(([other]) => other.toLowerCase() === name.toLowerCase()),
  );
  return {
    method: method ?? (bytes ? "POST" : "GET"),
    target: path,
    headers: [...said, ...missing],
    body: bytes ? { kind: "bytes", bytes } : { kind: "none" },
  };
}

function jsonHeaders(bytes: Uint8Array): readonly (readonly [string, string])[] {
  return [
    ["Content-Type", "application/json"],
    ["Content-Length", String(bytes.byteLength)],
  ];
}
