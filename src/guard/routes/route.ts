import type { Shape } from "../shapes/shape.ts";

/**
 * How far a route goes, by what a client can do with it:
 *
 * - `safe`: tells nothing about a workload: `_ping`, `version`.
 * - `read`: tells what runs.
 * - `secretRead`: tells what may hold secrets: inspect (environment), logs, archive, export, configs.
 * - `lifecycle`: changes what is there, by name: start, stop, kill, remove.
 * - `judged`: makes something new whose body or parameters are judged: create, exec, build.
 * - `rootEquivalent`: gives the host or the Engine away by its nature: plugins, swarm.
 */
export const routeGroups = ["safe", "read", "secretRead", "lifecycle", "judged", "rootEquivalent"] as const;
export type RouteGroup = (typeof routeGroups)[number];

export type ObjectKind =
  | "container"
  | "exec"
  | "image"
  | "volume"
  | "network"
  | "service"
  | "task"
  | "node"
  | "secret"
  | "config"
  | "plugin";

/**
 * How a query parameter is read, and printed anew.
 *
 * `bool` is moby's own: true but for "", 0, no, false and none in any case; printed as 1 or 0. `strict` is Go's
 * strconv.ParseBool: 1, t, T, true, TRUE, True and their opposites. `blank: "denied"` is for those where the versions of
 * the Engine differ about `pause=`.
 *
 * @see https://github.com/moby/moby/blob/v28.5.2/api/server/httputils/form.go
 */
export type QueryParam =
  | { readonly kind: "string" }
  | { readonly kind: "bool"; readonly strict?: true; readonly blank?: "denied" }
  | { readonly kind: "int" }
  /** JSON in a parameter: `filters`, `buildargs`, `labels`. It is checked against the shape and written again. */
  | { readonly kind: "json"; readonly shape: Shape; readonly many?: true }
  /** May stand several times: `t`, `names`. */
  | { readonly kind: "strings" }
  /** Known clients send it, and no Engine reads it, or none after the minor version `until`: left out. */
  | { readonly kind: "ignored"; readonly until?: number };

export type RouteBody =
  | { readonly kind: "none" }
  | { readonly kind: "json"; readonly shape: Shape; readonly optional: boolean }
  /** An archive that is handed on as it comes. */
  | { readonly kind: "tar" }
  /** After the answer's head both sides speak as they like; `shape` is of the request's own body, where it has one. */
  | { readonly kind: "hijack"; readonly shape: Shape | undefined };

export type ResponseKind =
  /** One JSON document, read whole only where the policy redacts or filters it. */
  | "json"
  /** Handed on as it comes: logs, events, archives, progress. */
  | "stream"
  | "hijack"
  | "websocket"
  | "none";

/**
 * The first two are base64url JSON, an AuthConfig and a map of them. The others name the methods that the client serves
 * over a build session, one a line.
 */
export const routeHeaders = [
  "x-registry-auth",
  "x-registry-config",
  "x-docker-expose-session-uuid",
  "x-docker-expose-session-name",
  "x-docker-expose-session-sharedkey",
  "x-docker-expose-session-grpc-method",
] as const;
export type RouteHeader = (typeof routeHeaders)[number];

/** One route of the Engine API, as its router has it. */
export interface Route {
  /** kebab-case, the public name in policies and the log: `container-create`. */
  readonly id: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS";
  /** `/containers/{container}/json`; a placeholder's name is the ObjectKind where it names an object. */
  readonly path: string;
  readonly group: RouteGroup;
  /** The minor version of API 1 that brought it, and the last that has it; undefined is outside of the table's range. */
  readonly since?: number;
  readonly until?: number;
  readonly query: Readonly<Record<string, QueryParam>>;
  readonly body: RouteBody;
  readonly response: ResponseKind;
  /** What the Engine reads of the request's header here, beyond what carries the request; lower-case. */
  readonly headers?: readonly RouteHeader[];
}
