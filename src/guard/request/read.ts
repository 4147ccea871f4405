import type { Policy } from "../policy/policy.ts";
import { droppedPlaces, emptyAside } from "../shapes/aside.ts";
import { readBody } from "./body.ts";
import { readHeaders } from "./headers.ts";
import { inTodaysWords, tooOld } from "./older.ts";
import { readQuery } from "./query.ts";
import { type Refusal, refused } from "./refusal.ts";
import type { ReceivedRequest, UnderstoodRequest } from "./request.ts";
import { findRoute } from "./target.ts";

export { findRoute } from "./target.ts";

export type Read = { readonly ok: true; readonly request: UnderstoodRequest } | Refusal;

/**
 * The one reading of a request. What it gives back is all that is judged, and all that `writeRequest` builds from:
 * whatever of the original is not in it does not reach the Engine. `oldest` is the minor version that the policy begins with.
 */
export function readRequest(raw: ReceivedRequest, limits: Policy["body"], oldest?: number): Read {
  const found = findRoute(raw.method, raw.target);
  if (!found.ok) return found;
  const { route, version, params } = found;
  const old = tooOld(version, oldest);
  if (old !== undefined) return refused("guard-version", old, route);
  const aside = emptyAside();
  const query = readQuery(found.query, route, aside, version);
  if (!query.ok) return refused("guard-query", query.reason, route);
  const headers = readHeaders(raw, route);
  if (!headers.ok) return refused("guard-header", headers.reason, route);
  const { framing } = headers.value;
  const body = readBody(raw.body, framing, route, limits, aside);
  if (!body.ok) return body;
  const own =
    body.hasStream && framing.length !== undefined
      ? new Map([...headers.value.headers, ["content-length", String(framing.length)]])
      : headers.value.headers;
  return {
    ok: true,
    request: {
      route,
      version,
      params,
      query: query.value,
      headers: own,
      body: inTodaysWords(route, version, body.body),
      hasStream: body.hasStream,
      ...(aside.dropped.length > 0 && { dropped: droppedPlaces(aside) }),
      ...(aside.exact.size > 0 && { exact: aside.exact }),
    },
  };
}
