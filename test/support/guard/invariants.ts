import { isDeepStrictEqual } from "node:util";
import { readRequest } from "../../../src/guard/request/read.ts";
import type { ReceivedRequest, UnderstoodRequest } from "../../../src/guard/request/request.ts";
import { type SentRequest, writeRequest } from "../../../src/guard/request/write.ts";
import type { Shape } from "../../../src/guard/shapes/shape.ts";
import { goDecode } from "./go-decode.ts";
import { normalise } from "./normal-form.ts";

export const fuzzLimits = { maxBytes: 100_000, maxDepth: 40, maxItems: 256 };

/** What every header that goes out is called: the guard's own, and never the client's. */
const outgoing =
  /^(?:Host|Connection|Upgrade|Content-Type|Content-Length|Transfer-Encoding|Sec-WebSocket-(?:Key|Version|Protocol)|X-Registry-(?:Auth|Config)|X-Docker-Expose-Session-(?:Uuid|Name|Sharedkey|Grpc-Method))$/;

/**
 * What holds for any request whatever. Gives what is broken, in words; undefined where all holds. Reading must not throw
 * either, which is left to the caller to see.
 */
export function brokenBy(raw: ReceivedRequest): string | undefined {
  const read = readRequest(raw, fuzzLimits);
  if (!read.ok) {
    return /^[\x20-\x7e…]+$/.test(read.message) ? undefined : "a reason has what may not stand in a log";
  }
  const out = writeRequest(read.request);
  return wrongForm(out) ?? notTheSameAgain(read.request, out) ?? readOtherwiseByGo(raw, read.request, out);
}

function wrongForm(out: SentRequest): string | undefined {
  if (
    !/^\/[\x21-\x7e]*$/.test(out.target) ||
    /[#;\\]|\/\/|\/\.\.?(?:\/|\?|$)/.test(out.target.split("?")[0] ?? "")
  )
    return "the target that goes out is not in its one form";
  if (out.headers.some(([name, value]) => !outgoing.test(name) || !/^[\x20-\x7e]*$/.test(value)))
    return "a header goes out that is not the guard's";
  return undefined;
}

function notTheSameAgain(request: UnderstoodRequest, out: SentRequest): string | undefined {
  const again = readRequest(
    {
      method: out.method,
      target: out.target,
      headers: out.headers,
      body:
        out.body === undefined
          ? { kind: "none" }
          : out.body === "stream"
            ? { kind: "stream" }
            : { kind: "bytes", bytes: out.body },
    },
    fuzzLimits,
  );
  if (!again.ok) return `what goes out is not read again: ${again.message}`;
  const { dropped: _, ...kept } = request;
  if (again.request.dropped) return "what goes out has what no Engine reads";
  return isDeepStrictEqual(again.request, kept) ? undefined : "what goes out is read otherwise";
}

function readOtherwiseByGo(
  raw: ReceivedRequest,
  request: UnderstoodRequest,
  out: SentRequest,
): string | undefined {
  const { body, query } = request.route;
  const shape = body.kind === "json" || body.kind === "hijack" ? body.shape : undefined;
  if (shape !== undefined && out.body instanceof Uint8Array) {
    const judged = normalise(request.body, shape);
    if (!decodesTo(out.body, shape, judged)) return "Go decodes the body that goes out to something else";
    if (raw.body.kind === "bytes" && !decodesTo(raw.body.bytes, shape, judged))
      return "Go decodes the client's own body to something else than what was judged";
  }
  for (const [name, values] of request.query) {
    const param = query[name];
    if (param?.kind !== "json" || param.shape.kind === "filters") continue;
    for (const value of values)
      if (!decodesTo(Buffer.from(value), param.shape, normalise(JSON.parse(value), param.shape)))
        return `Go decodes ${name} to something else`;
  }
  return undefined;
}

function decodesTo(bytes: Uint8Array, shape: Shape, judged: unknown): boolean {
  const decoded = goDecode(bytes, shape);
  return decoded !== undefined && JSON.stringify(sorted(decoded.value)) === JSON.stringify(sorted(judged));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .map(([key, item]) => [key, sorted(item)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
