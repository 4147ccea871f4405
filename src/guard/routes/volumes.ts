import { volumeCreate, volumeUpdate } from "../shapes/volume.ts";
import { filters, flag, number } from "./params.ts";
import type { Route } from "./route.ts";

const none = { kind: "none" } as const;

/** https://github.com/moby/moby/blob/v28.5.2/api/server/router/volume/volume.go */
export const volumeRoutes: readonly Route[] = [
  {
    id: "volume-list",
    method: "GET",
    path: "/volumes",
    group: "read",
    query: { filters },
    body: none,
    response: "json",
  },
  {
    id: "volume-inspect",
    method: "GET",
    path: "/volumes/{volume}",
    group: "read",
    query: {},
    body: none,
    response: "json",
  },
  {
    id: "volume-create",
    method: "POST",
    path: "/volumes/create",
    group: "judged",
    query: {},
    // without a body the Engine makes an anonymous volume
    body: { kind: "json", shape: volumeCreate, optional: true },
    response: "json",
  },
  {
    id: "volume-update",
    method: "PUT",
    path: "/volumes/{volume}",
    group: "judged",
    since: 42,
    query: { version: number },
    body: { kind: "json", shape: volumeUpdate, optional: false },
    response: "none",
  },
  {
    id: "volume-prune",
    method: "POST",
    path: "/volumes/prune",
    group: "lifecycle",
    query: { filters },
    body: none,
    response: "json",
  },
  {
    id: "volume-delete",
    method: "DELETE",
    path: "/volumes/{volume}",
    group: "lifecycle",
    query: { force: flag },
    body: none,
    response: "none",
  },
];
