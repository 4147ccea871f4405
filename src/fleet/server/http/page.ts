import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip, gzipSync } from "node:zlib";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { failed, ok, type Result } from "../../../base/result.ts";
import type { Carried } from "./session.ts";

/** The page's files by their paths: few and small, so they are kept in memory. */
export type PageFiles = ReadonlyMap<
  string,
  {
    readonly type: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly zipped?: Uint8Array<ArrayBuffer>;
  }
>;

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Reads the page that the build made. */
export function readPage(folder: string): Result<PageFiles> {
  try {
    const files = readdirSync(folder).flatMap((name) => {
      const type = types[extname(name)];
      if (type === undefined) return [];
      const bytes = new Uint8Array(readFileSync(join(folder, name)));
      return [[`/${name}`, { type, bytes, zipped: new Uint8Array(gzipSync(bytes)) }] as const];
    });
    const pages = new Map(files);
    if (!pages.has("/index.html")) return failed("its page is missing: build it with npm run build");
    return ok(pages);
  } catch {
    return failed("its page is missing: build it with npm run build");
  }
}

/** Every path that is not a file's is the page: what it shows is in the fragment, which never reaches the server. */
export function servePage(app: OpenAPIHono<Carried>, files: PageFiles): void {
  app.get("/*", (context) => {
    const file = files.get(context.req.path === "/" ? "/index.html" : context.req.path);
    if (!file) return context.text("Page not found.\n", 404);
    const etag = etagOf(file.bytes);
    // Names carry no version: the browser asks whether it is still the same.
    const headers = { etag, "cache-control": "no-cache", vary: "accept-encoding" };
    if (hasIt(context.req.header("if-none-match"), etag)) return context.body(null, 304, headers);
    const zipped = takesGzip(context.req.header("accept-encoding")) ? file.zipped : undefined;
    return context.body(zipped ?? file.bytes, 200, {
      ...headers,
      "content-type": file.type,
      ...(zipped ? { "content-encoding": "gzip" } : {}),
    });
  });
}

/** Nothing from elsewhere, nothing inline, nowhere in a frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Headers that every answer has. */
export function securityHeaders(isSecure: boolean): MiddlewareHandler {
  return async (context, next) => {
    await next();
    const { headers } = context.res;
    headers.set("content-security-policy", policy);
    headers.set("x-content-type-options", "nosniff");
    headers.set("x-frame-options", "DENY");
    headers.set("referrer-policy", "no-referrer");
    headers.set("cross-origin-opener-policy", "same-origin");
    headers.set("cross-origin-resource-policy", "same-origin");
    headers.set("permissions-policy", "camera=(), geolocation=(), microphone=()");
    if (isSecure) headers.set("strict-transport-security", "max-age=31536000");
    if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  };
}

/**
 * Answers only under its own names, so that a page elsewhere cannot give its own name this address (DNS rebinding), and takes
 * changes only from its own page, so that a page elsewhere cannot send them in a visitor's name (CSRF).
 */
export function ownPageOnly(hosts: ReadonlySet<string>): MiddlewareHandler {
  return async (context, next) => {
    const host = context.req.header("host")?.toLowerCase();
    if (host === undefined || !hosts.has(host)) {
      return context.json(
        { error: "bulkhead does not serve this name. Start it with --url to name the address that you use." },
        421,
      );
    }
    if (!["GET", "HEAD"].includes(context.req.method) && !isFromOwnPage(context.req.raw.headers, host)) {
      return context.json({ error: "This request did not come from bulkhead's own page." }, 403);
    }
    return await next();
  };
}

/** U+0000 stands in no name and no search, and PostgreSQL keeps no text with it. */
export const noNul: MiddlewareHandler = async (context, next) => {
  const hasNul =
    /%00/.test(context.req.url) ||
    (context.req.raw.body !== null && /\\u0000|\0/.test(await context.req.text()));
  return hasNul ? context.json({ error: "The request holds a NUL character." }, 400) : await next();
};

/** Browsers say where a change comes from; a program that says nothing is not a browser that was misled. */
function isFromOwnPage(headers: Headers, host: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = headers.get("origin");
  if (origin === null) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

const zip = promisify(gzip);

/** Bytes. Below, compressing gains nothing. */
const small = 1_024;

/** Weak: the same in another encoding is the same (RFC 9110, 8.8.3). */
function etagOf(bytes: Uint8Array): string {
  return `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`;
}

/** Whether the browser has it already. */
function hasIt(asked: string | undefined, etag: string): boolean {
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
