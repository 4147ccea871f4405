import { networkConnect, networkCreate, networkDisconnect } from "../shapes/network.ts";
import { filters, strictFlag, text } from "./params.ts";
import type { Route } from "./route.ts";

const none = { kind: "none" } as const;

/**
 * The Engine lists networks at `/networks/` as well; here only the form without a slash is known.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/api/server/router/network/network.go
 */
export const networkRoutes: readonly Route[] = [
  {
    id: "network-list",
    method: "GET",
    path: "/networks",
    group: "read",
    query: { filters },
    body: none,
    response: "json",
  },
  {
    id: "network-inspect",
    method: "GET",
    path: "/networks/{network}",
    group: "read",
    query: { verbose: strictFlag, scope: text },
    body: none,
    response: "json",
  },
  {
    id: "network-create",
    method: "POST",
    path: "/networks/create",
    group: "judged",
    query: {},
    body: { kind: "json", shape: networkCreate, optional: false },
    response: "json",
  },
  {
    id: "network-connect",
    method: "POST",
    path: "/networks/{network}/connect",
    group: "judged",
    query: {},
    body: { kind: "json", shape: networkConnect, optional: false },
    response: "none",
  },
  {
    id: "network-disconnect",
    method: "POST",
    path: "/networks/{network}/disconnect",
    group: "lifecycle",
    query: {},
    body: { kind: "json", shape: networkDisconnect, optional: false },
    response: "none",
  },
  {
    id: "network-prune",
    method: "POST",
    path: "/networks/prune",
    group: "lifecycle",
    query: { filters },
    body: none,
    response: "json",
  },
  {
    id: "network-delete",
    method: "DELETE",
    path: "/networks/{network}",
    group: "lifecycle",
    query: {},
    body: none,
    response: "none",
  },
];
