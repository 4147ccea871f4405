import { failed, ok, type Result } from "../../base/result.ts";
import { quote } from "../json/quote.ts";
import type { Route, RouteHeader } from "../routes/route.ts";
import { readRegistryHeader } from "./registry-header.ts";
import type { ReceivedRequest } from "./request.ts";
import { checkOrigin, readUpgrade } from "./upgrade.ts";

/** What the headers say of the body; checked against each other, and never passed on as they are. */
export interface Framing {
  /** In lower case, without parameters. */
  readonly mediaType: string | undefined;
  /** Bytes; undefined where it is not said. */
  readonly length: number | undefined;
  readonly chunked: boolean;
  /** Whether the body is labelled with a Content-Encoding other than identity. */
  readonly encoded: boolean;
}

export interface ReadHeaders {
  readonly framing: Framing;
  /** What goes on: see UnderstoodRequest. */
  readonly headers: ReadonlyMap<string, string>;
}

/** Read here or on the way, and so never twice: two readers might take one each. */
const single: ReadonlySet<string> = new Set([
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "expect",
  "host",
  "origin",
  "sec-websocket-key",
  "sec-websocket-protocol",
  "sec-websocket-version",
  "transfer-encoding",
  "upgrade",
  "x-docker-expose-session-name",
  "x-docker-expose-session-sharedkey",
  "x-docker-expose-session-uuid",
  "x-registry-auth",
  "x-registry-config",
]);

/** Nothing that speaks to an Engine needs them, and some servers let them change what a request is. */
const denied: ReadonlySet<string> = new Set([
  "http2-settings",
  "trailer",
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
]);

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** Reads the headers of a request; those that the Engine would not read on this route are left out. */
export function readHeaders(raw: ReceivedRequest, route: Route): Result<ReadHeaders> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of raw.headers) {
    if (!token.test(name)) return failed(`${quote(name)} is not a name of a header`);
    const lower = name.toLowerCase();
    if (denied.has(lower)) return failed(`the header ${lower} is not taken`);
    if (controls.test(value)) return failed(`the header ${lower} has a control character`);
    const values = fields.get(lower);
    if (values === undefined) fields.set(lower, [value.trim()]);
    else if (single.has(lower)) return failed(`the header ${lower} stands twice`);
    else values.push(value.trim());
  }
  const framing = readFraming(fields);
  if (!framing.ok) return framing;
  const headers = new Map<string, string>();
  const upgrade = readUpgrade(fields, route, headers);
  if (!upgrade.ok) return upgrade;
  const origin = checkOrigin(fields, route);
  if (!origin.ok) return origin;
  for (const name of route.headers ?? []) {
    const values = fields.get(name);
    if (values === undefined) continue;
    const value = readRouteHeader(name, values);
    if (!value.ok) return failed(`the header ${name} ${value.reason}`);
    if (value.value !== "") headers.set(name, value.value);
  }
  return ok({ framing: framing.value, headers });
}

function readFraming(fields: ReadonlyMap<string, readonly string[]>): Result<Framing> {
  const length = fields.get("content-length")?.[0];
  if (length !== undefined && !/^[0-9]{1,15}$/.test(length))
    return failed("the header content-length is not a number of bytes");
  const transfer = fields.get("transfer-encoding")?.[0];
  if (transfer !== undefined && transfer.toLowerCase() !== "chunked")
    return failed("the header transfer-encoding is other than chunked");
  if (transfer !== undefined && length !== undefined)
    return failed("the headers content-length and transfer-encoding stand beside each other");
  const type = readMediaType(fields.get("content-type")?.[0]);
  if (!type.ok) return type;
  const encoding = fields.get("content-encoding")?.[0]?.toLowerCase();
  return ok({
    mediaType: type.value,
    length: length === undefined ? undefined : Number(length),
    chunked: transfer !== undefined,
    encoded: encoding !== undefined && encoding !== "" && encoding !== "identity",
  });
}

/**
 * Go's ParseForm reads a body that is labelled as a form, and lets what stands in it win over the query; so no such label
 * is taken on any route. The only parameter of a type is a charset of UTF-8.
 *
 * @see https://pkg.go.dev/net/http#Request.ParseForm
 */
function readMediaType(value: string | undefined): Result<string | undefined> {
  if (value === undefined || value === "") return ok(undefined);
  const [type = "", ...parameters] = value.split(";").map((part) => part.trim().toLowerCase());
  if (!/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(type))
    return failed("the header content-type is not a media type");
  if (type === "application/x-www-form-urlencoded" || type.startsWith("multipart/"))
    return failed("the body is labelled as a form, which the Engine would let win over the query");
  if (parameters.some((parameter) => !/^charset="?(?:utf-8|us-ascii)"?$/.test(parameter)))
    return failed("the header content-type has a parameter other than charset=utf-8");
  return ok(type);
}

function readRouteHeader(name: RouteHeader, values: readonly string[]): Result<string> {
  if (name === "x-registry-auth" || name === "x-registry-config")
    return readRegistryHeader(name, values[0] ?? "");
  if (name === "x-docker-expose-session-grpc-method") {
    return values.every((value) => /^\/[A-Za-z0-9_.]+\/[A-Za-z0-9_]+$/.test(value))
      ? ok(values.join("\n"))
      : failed("is not a method of gRPC");
  }
  const value = values[0] ?? "";
  return /^[\x20-\x7e]{0,256}$/.test(value)
    ? ok(value)
    : failed("is longer than 256 characters, or not ASCII");
}
