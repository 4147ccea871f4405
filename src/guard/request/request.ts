import type { NameValue } from "../../model/container-values.ts";
import type { Route } from "../routes/route.ts";
import type { ApiVersion } from "./version.ts";

/** What came in, as the transport saw it: nothing decoded, nothing dropped. */
export interface ReceivedRequest {
  readonly method: string;
  /** The request-target, byte for byte: `/v1.45/containers/json?all=1`. */
  readonly target: string;
  /** Names and values in the order in which they were sent, repeated ones too. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: ReceivedBody;
}

export type ReceivedBody =
  | { readonly kind: "none" }
  /** All of it, as dockerd would read it: chunks joined. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A tar or a stream that is handed on and not judged; only on routes that say so. */
  | { readonly kind: "stream" }
  /** There is one, but it cannot be seen (the authorization plugin gets none above 1 MiB). A route that needs it denies. */
  | { readonly kind: "unseen"; readonly reason: string };

/** The one reading of a request: what is judged, and what the forwarded request is built from. */
export interface UnderstoodRequest {
  readonly route: Route;
  /** Undefined if the path has no version: the proxy uses the newest that it and the Engine know. */
  readonly version: ApiVersion | undefined;
  /** What the route's placeholders stand for, decoded: `{ container: "web" }`. */
  readonly params: Readonly<Record<string, string>>;
  /** Known parameters, decoded, each once (a few are lists by nature: `t`, `names`). */
  readonly query: ReadonlyMap<string, readonly string[]>;
  /**
   * What the Engine reads of them on this route, lower-case, each once: `upgrade` with a WebSocket's key, the registry
   * headers as canonical base64url JSON, those of a build session (its methods one a line), and the `content-length` of a
   * stream. Framing and content type are the writer's own.
   */
  readonly headers: ReadonlyMap<string, string>;
  /** The body as plain values, checked against the route's shape; undefined if the route has no body, or a stream. */
  readonly body: unknown;
  readonly hasStream: boolean;
  /**
   * An archive that is read while it is handed on. Of a build: where its Dockerfile is, and with which arguments it is built. Of
   * files that may come to lie on the host: each entry.
   */
  readonly archive?:
    | { readonly dockerfile: string | undefined; readonly args: readonly NameValue[] }
    | "host-files";
  /** What the client sent and no Engine reads, by place, for the log. */
  readonly dropped?: readonly string[];
  /** The digits of numbers in the body that JavaScript rounds. */
  readonly exact?: ReadonlyMap<number, string>;
}
