import { checkpointCreate, execCreate, execStart } from "../shapes/container.ts";
import { number, text } from "./params.ts";
import type { Route } from "./route.ts";

const none = { kind: "none" } as const;

/** Processes in a container, and its checkpoints: https://github.com/moby/moby/blob/v28.5.2/api/server/router/container/container.go */
export const execRoutes: readonly Route[] = [
  {
    id: "exec-create",
    method: "POST",
    path: "/containers/{container}/exec",
    group: "judged",
    query: {},
    body: { kind: "json", shape: execCreate, optional: false },
    response: "json",
  },
  {
    id: "exec-inspect",
    method: "GET",
    path: "/exec/{exec}/json",
    group: "secretRead",
    query: {},
    body: none,
    response: "json",
  },
  {
    id: "exec-start",
    method: "POST",
    path: "/exec/{exec}/start",
    group: "judged",
    query: {},
    body: { kind: "hijack", shape: execStart },
    response: "hijack",
  },
  {
    id: "exec-resize",
    method: "POST",
    path: "/exec/{exec}/resize",
    group: "lifecycle",
    query: { h: number, w: number },
    body: none,
    response: "none",
  },
  {
    id: "checkpoint-list",
    method: "GET",
    path: "/containers/{container}/checkpoints",
    group: "read",
    query: { dir: text },
    body: none,
    response: "json",
  },
  {
    id: "checkpoint-create",
    method: "POST",
    path: "/containers/{container}/checkpoints",
    group: "judged",
    query: {},
    body: { kind: "json", shape: checkpointCreate, optional: false },
    response: "none",
  },
  {
    id: "checkpoint-delete",
    method: "DELETE",
    path: "/containers/{container}/checkpoints/{checkpoint}",
    group: "lifecycle",
    query: { dir: text },
    body: none,
    response: "none",
  },
];
