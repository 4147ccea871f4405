import { failed, ok, type Result } from "../../model/result.ts";
import { quote } from "../json/quote.ts";
import type { Route, RouteHeader } from "../routes/route.ts";
import { readRegistryHeader } from "./registry-header.ts";
import type { RawRequest } from "./request.ts";

/** What the headers say of the body; checked against each other, and never passed on as they are. */
export interface Framing {
  /** Lower-case, without parameters; undefined where there is none. */
  readonly mediaType: string | undefined;
  /** Bytes; undefined where it is not said. */
  readonly length: number | undefined;
  readonly chunked: boolean;
  /** Whether the body is labelled with a Content-Encoding other than identity. */
  readonly encoded: boolean;
}

export interface ReadHeaders {
  readonly framing: Framing;
  /** What goes on: see CanonicalRequest. */
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
export function readHeaders(raw: RawRequest, route: Route): Result<ReadHeaders> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of raw.headers) {
    if (!token.test(name)) return failed(`${quote(name)} is no name of a header`);
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
    return failed("the header content-length is no number of bytes");
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
  if (!/^[a-z0-9.+-]+\/[a-z0-9.+-]+$/.test(type)) return failed("the header content-type is no media type");
  if (type === "application/x-www-form-urlencoded" || type.startsWith("multipart/"))
    return failed("the body is labelled as a form, which the Engine would let win over the query");
  if (parameters.some((parameter) => !/^charset="?(?:utf-8|us-ascii)"?$/.test(parameter)))
    return failed("the header content-type has a parameter other than charset=utf-8");
  return ok(type);
}

/** The protocol that a connection may be turned into, by route. */
export function upgradeOf(route: Route): "tcp" | "h2c" | "websocket" | undefined {
  if (route.response === "websocket") return "websocket";
  if (route.response !== "hijack") return undefined;
  return route.id === "session" || route.id === "grpc" ? "h2c" : "tcp";
}

function readUpgrade(
  fields: ReadonlyMap<string, readonly string[]>,
  route: Route,
  headers: Map<string, string>,
): Result<undefined> {
  const asked = fields.get("upgrade")?.[0]?.toLowerCase();
  const known = upgradeOf(route);
  if (asked === undefined) {
    if (known === "websocket" || known === "h2c")
      return failed(`the header upgrade is missing: ${route.id} needs ${known}`);
    return ok(undefined);
  }
  if (known === undefined) return failed(`the header upgrade is not taken on ${route.id}`);
  if (asked !== known) return failed(`the header upgrade is other than ${known}, which ${route.id} speaks`);
  headers.set("upgrade", known);
  return known === "websocket" ? readWebsocket(fields, headers) : ok(undefined);
}

function readWebsocket(
  fields: ReadonlyMap<string, readonly string[]>,
  headers: Map<string, string>,
): Result<undefined> {
  const key = fields.get("sec-websocket-key")?.[0] ?? "";
  if (key.length !== 24 || Buffer.from(key, "base64").toString("base64") !== key)
    return failed("the header sec-websocket-key is no key of 16 bytes");
  if (fields.get("sec-websocket-version")?.[0] !== "13")
    return failed("the header sec-websocket-version is other than 13");
  headers.set("sec-websocket-key", key);
  headers.set("sec-websocket-version", "13");
  const protocol = fields.get("sec-websocket-protocol")?.[0];
  if (protocol === undefined) return ok(undefined);
  if (!token.test(protocol)) return failed("the header sec-websocket-protocol names more than one");
  headers.set("sec-websocket-protocol", protocol);
  return ok(undefined);
}

/**
 * A browser says by Origin which page makes it ask. No page has business with an Engine; a WebSocket library that is no
 * browser names the guard itself.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6454#section-7
 */
function checkOrigin(fields: ReadonlyMap<string, readonly string[]>, route: Route): Result<undefined> {
  const origin = fields.get("origin")?.[0];
  if (origin === undefined) return ok(undefined);
  const host = fields.get("host")?.[0];
  const own = host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
  return own && route.response === "websocket"
    ? ok(undefined)
    : failed("the header origin says that a web page asks, and pages are not served");
}

function readRouteHeader(name: RouteHeader, values: readonly string[]): Result<string> {
  if (name === "x-registry-auth" || name === "x-registry-config")
    return readRegistryHeader(name, values[0] ?? "");
  if (name === "x-docker-expose-session-grpc-method") {
    return values.every((value) => /^\/[A-Za-z0-9_.]+\/[A-Za-z0-9_]+$/.test(value))
      ? ok(values.join("\n"))
      : failed("is no method of gRPC");
  }
  const value = values[0] ?? "";
  return /^[\x20-\x7e]{0,256}$/.test(value)
    ? ok(value)
    : failed("is longer than 256 characters, or not ASCII");
}
