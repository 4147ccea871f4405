import { parseJson } from "../json/parse.ts";
import type { Policy } from "../policy/policy.ts";
import type { Route } from "../routes/route.ts";
import { type Aside, drop } from "../shapes/aside.ts";
import { checkShape } from "../shapes/check.ts";
import type { Shape } from "../shapes/shape.ts";
import type { Framing } from "./headers.ts";
import { type Refusal, refused } from "./refusal.ts";
import type { ReceivedBody } from "./request.ts";
import { upgradeOf } from "./upgrade.ts";

export interface ReadBody {
  readonly ok: true;
  /** Plain values; undefined where there is no document. */
  readonly body: unknown;
  readonly hasStream: boolean;
}

const nothing: ReadBody = { ok: true, body: undefined, hasStream: false };

/**
 * Reads the body as the Engine would: as one JSON document where the route decodes one, as an archive that is handed on
 * where it takes one, and not at all elsewhere. What cannot be read so is denied, never skipped.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/api/server/httputils/httputils.go
 */
export function readBody(
  raw: ReceivedBody,
  framing: Framing,
  route: Route,
  limits: Policy["body"],
  aside: Aside,
): ReadBody | Refusal {
  const body = settle(raw, framing);
  switch (route.body.kind) {
    case "none":
      return readNone(body, framing, route, limits, aside);
    case "tar":
      return readTar(body, route);
    case "json":
      return readDocument(body, framing, route, route.body, limits, aside);
    case "hijack":
      return route.body.shape === undefined
        ? readNone(body, framing, route, limits, aside)
        : readDocument(body, framing, route, { shape: route.body.shape, optional: true }, limits, aside);
  }
}

/** Headers that announce a body which the transport did not see make it one that is not seen. */
function settle(raw: ReceivedBody, framing: Framing): ReceivedBody {
  if (raw.kind === "bytes" && raw.bytes.byteLength === 0) return { kind: "none" };
  if (raw.kind === "none" && (framing.chunked || (framing.length ?? 0) > 0) && framing.length !== 0)
    return { kind: "unseen", reason: "its headers announce one" };
  return raw;
}

function readTar(body: ReceivedBody, route: Route): ReadBody | Refusal {
  switch (body.kind) {
    case "none":
      return nothing;
    case "stream":
    case "unseen":
      return { ok: true, body: undefined, hasStream: true };
    case "bytes":
      return refused("guard-body", `the body of ${route.id} is an archive, and was read as a whole`, route);
  }
}

/**
 * Some clients send a document where the Engine reads none (dockerode repeats its options): it is left out. A start with a
 * body of more than seven bytes is an error in every Engine since API 1.24. An attach reads none either: the Engine throws
 * away what it had read ahead when it takes the connection over.
 *
 * @see https://github.com/moby/moby/blob/v26.1.5/api/server/router/container/container_routes.go#L190
 */
function readNone(
  body: ReceivedBody,
  framing: Framing,
  route: Route,
  limits: Policy["body"],
  aside: Aside,
): ReadBody | Refusal {
  if (body.kind === "none") return nothing;
  // the Engine reads none of it here, so there is nothing to judge; the proxy sees all, and leaves it out below
  if (body.kind === "unseen" && route.body.kind === "none") return nothing;
  if (body.kind === "bytes" && !framing.encoded) {
    const parsed = parseJson(body.bytes, limits);
    if (parsed.ok && checkShape(parsed.value, { kind: "empty" }).ok && body.bytes.byteLength <= 7)
      return nothing;
    if (parsed.ok && route.id !== "container-start" && upgradeOf(route) !== "h2c") {
      drop(aside, "the body");
      return nothing;
    }
  }
  return refused("guard-body", `${route.id} takes no body, and there is one`, route);
}

function readDocument(
  body: ReceivedBody,
  framing: Framing,
  route: Route,
  { shape, optional }: { readonly shape: Shape; readonly optional: boolean },
  limits: Policy["body"],
  aside: Aside,
): ReadBody | Refusal {
  if (body.kind === "unseen")
    return refused("guard-body", `the body of ${route.id} cannot be judged: ${body.reason}`, route);
  if (body.kind === "stream")
    return refused("guard-body", `the body of ${route.id} cannot be judged: it was not read`, route);
  if (body.kind === "none")
    return optional ? nothing : refused("guard-body", `${route.id} needs a body, and there is none`, route);
  if (framing.encoded)
    return refused(
      "guard-body",
      `the body of ${route.id} is labelled as compressed, and the Engine reads it as it is`,
      route,
    );
  if (framing.mediaType !== "application/json")
    return refused("guard-body", `the body of ${route.id} is not labelled as application/json`, route);
  const parsed = parseJson(body.bytes, limits);
  if (!parsed.ok) return refused("guard-json", parsed.reason, route);
  const checked = checkShape(parsed.value, shape, aside);
  if (!checked.ok) return refused("guard-json", `${route.id}: ${checked.reason}`, route);
  return { ok: true, body: checked.value, hasStream: false };
}
