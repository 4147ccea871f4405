import type { MiddlewareHandler } from "hono";

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

/** Browsers say where a change comes from; a program that says nothing is not a browser that was misled. */
function isFromOwnPage(headers: Headers, host: string): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = headers.get("origin");
  if (origin === null) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}
