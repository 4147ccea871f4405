import type { ReceivedBody, ReceivedRequest } from "../request/request.ts";
import type { Route } from "../routes/route.ts";
import type { AuthzMessage } from "./message.ts";

/** Bytes from which on dockerd shows a plugin no body. */
const mostShown = 1024 * 1024;

export type Seen =
  | { readonly ok: true; readonly raw: ReceivedRequest }
  | { readonly ok: false; readonly rule: "guard-body"; readonly message: string; readonly raw?: undefined }
  /** `raw` for a policy that lets it pass all the same. */
  | {
      readonly ok: false;
      readonly rule: "guard-hidden-form";
      readonly message: string;
      readonly raw: ReceivedRequest;
    };

/**
 * The request as far as dockerd shows it. It shows a body only where the first Content-Type is application/json and the body
 * is below 1 MiB; Engines with CVE-2024-41110 show none of a chunked one either. What may have a body that is not shown is
 * refused, but for archives, which nobody judges; and so is a request whose own parts contradict each other: dockerd shows
 * the last of repeated headers and goes by the first.
 *
 * @see https://github.com/moby/moby/security/advisories/GHSA-v23v-6jw2-98fq
 */
export function seeRequest(message: AuthzMessage, route: Route | undefined): Seen {
  const body = bodyOf(message, route);
  if (typeof body === "string") return { ok: false, rule: "guard-body", message: body };
  const raw = { method: message.method, target: message.target, headers: message.headers, body };
  return body.kind === "stream" && route && mayHideForm(route, message)
    ? { ok: false, rule: "guard-hidden-form", message: hiddenForm, raw }
    : { ok: true, raw };
}

/** The body, or why the request is refused. */
function bodyOf(message: AuthzMessage, route: Route | undefined): ReceivedBody | string {
  const { method, body } = message;
  const length = header(message, "content-length");
  const type = header(message, "content-type");
  if (body) return route?.body.kind === "tar" ? { kind: "stream" } : { kind: "bytes", bytes: body };
  if (length === "0" || method === "GET" || method === "HEAD") return { kind: "none" };
  if (
    length === undefined &&
    type === undefined &&
    route?.body.kind === "tar" &&
    route.path !== "/images/create"
  ) {
    return { kind: "stream" };
  }
  // Without a Content-Type dockerd reads neither JSON nor a form; of a DELETE it never reads a form.
  if (length === undefined && (type === undefined || method === "DELETE")) return { kind: "none" };
  if (route?.path === "/auth")
    return "What is sent to /auth dockerd shows no plugin, so it cannot be judged.";
  if (isJson(type) && length !== undefined && Number(length) < mostShown) {
    return "A body is announced as application/json and dockerd does not show it: Content-Type is sent twice, and dockerd goes by the other one.";
  }
  if (route?.body.kind === "tar") return { kind: "stream" };
  return length === undefined
    ? "dockerd does not show whether there is a body, so it cannot be judged: send it with a Content-Length, Content-Length: 0 where there is none."
    : `dockerd shows a plugin only JSON below 1 MiB, so the body of ${length} bytes (${type ?? "no type"}) cannot be judged.`;
}

/**
 * Of a request to build or to import, moby takes a form in the body before the query. Which type a body has dockerd shows
 * only of the last Content-Type, so that a form may hide behind an archive; where there is none at all, nothing hides.
 *
 * @see https://pkg.go.dev/net/http#Request.ParseForm
 */
function mayHideForm({ path }: Route, message: AuthzMessage): boolean {
  const length = header(message, "content-length");
  return (
    formRoutes.has(path) &&
    message.body === undefined &&
    header(message, "content-type") !== undefined &&
    !(length !== undefined && Number(length) > mostForm)
  );
}

const hiddenForm =
  "dockerd does not show a plugin whether this body is an archive or a form that overrides the query: builds and imports go through bulkhead guard proxy only.";

/** Where a parameter of the query does more than say how to print. */
const formRoutes: ReadonlySet<string> = new Set(["/build", "/images/create", "/plugins/create"]);

/** Bytes; Go refuses a larger form. */
const mostForm = 10 * 1024 * 1024;

function isJson(type: string | undefined): boolean {
  return type?.split(";")[0]?.trim().toLowerCase() === "application/json";
}

function header({ headers }: AuthzMessage, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}
