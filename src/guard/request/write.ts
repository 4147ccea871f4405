import { printQuery } from "./query.ts";
import type { UnderstoodRequest } from "./request.ts";
import { printVersion } from "./version.ts";

/** A request as it goes to the Engine. */
export interface SentRequest {
  readonly method: string;
  readonly target: string;
  /** All of them, the framing included. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** `stream` is handed on by the transport, in the framing that the headers say. */
  readonly body: Uint8Array | "stream" | undefined;
}

/**
 * Builds the request from what was judged alone. The path is the table's own with the names put in, the query and the
 * body are printed anew, and the headers are the guard's.
 */
export function writeRequest(request: UnderstoodRequest): SentRequest {
  const { route, version, params, query } = request;
  const path = route.path.includes("{") ? withNames(route.path, params) : route.path;
  const prefix = version === undefined ? "" : `/${printVersion(version)}`;
  const body = request.hasStream ? "stream" : printBody(request);
  return {
    method: route.method,
    target: `${prefix}${path}${printQuery(query)}`,
    headers: [["Host", "docker"], ...ownHeaders(request.headers), ...framing(request, body)],
    body,
  };
}

function withNames(path: string, params: UnderstoodRequest["params"]): string {
  return path.replace(/\{([a-z]+)\}/g, (_, name: string) => params[name] ?? "");
}

function printBody({ body, exact }: UnderstoodRequest): Uint8Array | undefined {
  if (body === undefined) return undefined;
  return Buffer.from(exact ? printExact(body, exact) : JSON.stringify(body));
}

/** As JSON.stringify, with the digits of what JavaScript rounds. */
function printExact(value: unknown, exact: ReadonlyMap<number, string>): string {
  if (typeof value === "number") return exact.get(value) ?? JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => printExact(item ?? null, exact)).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${members.map(([name, item]) => `${JSON.stringify(name)}:${printExact(item, exact)}`).join(",")}}`;
}

const names: Readonly<Record<string, string>> = {
  "sec-websocket-key": "Sec-WebSocket-Key",
  "sec-websocket-version": "Sec-WebSocket-Version",
  "sec-websocket-protocol": "Sec-WebSocket-Protocol",
  "x-registry-auth": "X-Registry-Auth",
  "x-registry-config": "X-Registry-Config",
  "x-docker-expose-session-uuid": "X-Docker-Expose-Session-Uuid",
  "x-docker-expose-session-name": "X-Docker-Expose-Session-Name",
  "x-docker-expose-session-sharedkey": "X-Docker-Expose-Session-Sharedkey",
  "x-docker-expose-session-grpc-method": "X-Docker-Expose-Session-Grpc-Method",
};

function ownHeaders(headers: ReadonlyMap<string, string>): [string, string][] {
  const own: [string, string][] = [];
  const upgrade = headers.get("upgrade");
  if (upgrade !== undefined) own.push(["Connection", "Upgrade"], ["Upgrade", upgrade]);
  for (const [name, value] of headers) {
    const written = names[name];
    if (written !== undefined) for (const line of value.split("\n")) own.push([written, line]);
  }
  return own;
}

function framing(request: UnderstoodRequest, body: SentRequest["body"]): [string, string][] {
  if (body === "stream") {
    const length = request.headers.get("content-length");
    return [
      ["Content-Type", "application/x-tar"],
      length === undefined ? ["Transfer-Encoding", "chunked"] : ["Content-Length", length],
    ];
  }
  if (body !== undefined)
    return [
      ["Content-Type", "application/json"],
      ["Content-Length", String(body.byteLength)],
    ];
  // a POST without a body says so; an upgraded connection has no length
  const saysSo = request.route.method === "POST" || request.route.method === "PUT";
  return saysSo && request.route.response !== "hijack" ? [["Content-Length", "0"]] : [];
}
