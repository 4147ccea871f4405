import { failed, ok, type Result } from "../../base/result.ts";
import type { Route } from "../routes/route.ts";

/** One subprotocol: the Engine answers a list with an error. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** The protocol that a connection may be turned into, by route. */
export function upgradeOf(route: Route): "tcp" | "h2c" | "websocket" | undefined {
  if (route.response === "websocket") return "websocket";
  if (route.response !== "hijack") return undefined;
  return route.id === "session" || route.id === "grpc" ? "h2c" : "tcp";
}

/** Reads what the connection is to become, where the route has that, and notes it; an upgrade is denied everywhere else. */
export function readUpgrade(
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
    return failed("the header sec-websocket-key is not a key of 16 bytes");
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
export function checkOrigin(fields: ReadonlyMap<string, readonly string[]>, route: Route): Result<undefined> {
  const origin = fields.get("origin")?.[0];
  if (origin === undefined) return ok(undefined);
  const host = fields.get("host")?.[0];
  const own = host !== undefined && (origin === `http://${host}` || origin === `https://${host}`);
  return own && route.response === "websocket"
    ? ok(undefined)
    : failed("the header origin says that a web page asks, and pages are not served");
}
