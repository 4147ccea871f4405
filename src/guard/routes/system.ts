import { authConfig } from "../shapes/image.ts";
import { filters, flag, text, texts } from "./params.ts";
import type { Route } from "./route.ts";

const none = { kind: "none" } as const;

/**
 * `OPTIONS` of any path and the routes under `/debug` are not known here.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/api/server/router/system/system.go
 */
export const systemRoutes: readonly Route[] = [
  {
    id: "ping",
    method: "GET",
    path: "/_ping",
    group: "safe",
    query: {},
    body: none,
    response: "stream",
  },
  {
    id: "ping-head",
    method: "HEAD",
    path: "/_ping",
    group: "safe",
    query: {},
    body: none,
    response: "none",
  },
  {
    id: "version",
    method: "GET",
    path: "/version",
    group: "safe",
    query: {},
    body: none,
    response: "json",
  },
  {
    id: "info",
    method: "GET",
    path: "/info",
    group: "read",
    query: {},
    body: none,
    response: "json",
  },
  {
    id: "events",
    method: "GET",
    path: "/events",
    group: "read",
    query: { since: text, until: text, filters },
    body: none,
    response: "stream",
  },
  {
    id: "disk-usage",
    method: "GET",
    path: "/system/df",
    group: "read",
    query: { type: texts, verbose: flag },
    body: none,
    response: "json",
  },
  {
    id: "auth",
    method: "POST",
    path: "/auth",
    group: "judged",
    query: {},
    body: { kind: "json", shape: authConfig, optional: false },
    response: "json",
  },
];
