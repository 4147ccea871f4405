import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { MiddlewareHandler } from "hono";

const zip = promisify(gzip);

/** Bytes. Below, compressing gains nothing. */
const small = 1_024;

/** Weak: the same in another encoding is the same (RFC 9110, 8.8.3). */
export function etagOf(bytes: Uint8Array): string {
  return `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
}

/** Whether the browser has it already. */
export function hasIt(asked: string | undefined, etag: string): boolean {
  return asked?.split(",").some((each) => each.trim() === etag) ?? false;
}

/** Whether it may be sent compressed: `gzip;q=0` may not. */
export function takesGzip(accepted: string | undefined): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(accepted ?? "");
}

/**
 * Answers of the API in JSON: 304 where the page has the same already, else compressed. Streams (events, exports) go as they are.
 */
export const spareAnswers: MiddlewareHandler = async (context, next) => {
  await next();
  const { req, res } = context;
  const isJson = res.headers.get("content-type")?.startsWith("application/json") ?? false;
  if (req.method !== "GET" || res.status !== 200 || !isJson || res.headers.has("content-disposition")) return;
  const bytes = new Uint8Array(await res.arrayBuffer());
  const etag = etagOf(bytes);
  const headers = new Headers(res.headers);
  headers.set("etag", etag);
  headers.append("vary", "accept-encoding");
  context.res = undefined;
  if (hasIt(req.header("if-none-match"), etag)) {
    for (const name of ["content-type", "content-length"]) headers.delete(name);
    context.res = new Response(null, { status: 304, headers });
    return;
  }
  const isZipped = bytes.length >= small && takesGzip(req.header("accept-encoding"));
  if (isZipped) headers.set("content-encoding", "gzip");
  context.res = new Response(isZipped ? await zip(bytes) : bytes, { status: 200, headers });
};
