import type { Result } from "../base/result.ts";
import type { EngineEvent } from "./event.ts";

/**
 * A connection to a Docker Engine that only reads. Every path goes to the negotiated version of the API.
 */
export interface EngineClient {
  /** What it is connected to, as DOCKER_HOST spells it; never with a password. */
  readonly address: string;
  /** The socket's path, where it is a unix socket of this machine. */
  readonly socketPath: string | undefined;
  /** How the Engine is reached over TCP: undefined on another way. `mutual`: with a client certificate. */
  readonly tls: "none" | "server" | "mutual" | undefined;
  /** `1.45`: the newest version of the API that both sides speak. */
  readonly apiVersion: string;
  /** Gets a JSON document: `/containers/json?all=1`. Never rejects. */
  get(path: string): Promise<Answer>;
  /**
   * The events since a time (milliseconds since 1970, by its clock) that match the filters. It remembers the last 256. Never
   * rejects.
   *
   * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/System/operation/SystemEvents
   */
  eventsSince(
    since: number,
    filters: Readonly<Record<string, readonly string[]>>,
  ): Promise<Result<readonly EngineEvent[]>>;
  close(): Promise<void>;
}

/** What the Engine said, or why nothing came. `reason` is one clause, without a stack trace. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly reason: string;
      /**
       * `missing`: the Engine knows no such thing (404). `refused`: it answered with another error. `lost`: it does
       * not answer any more, and the next question would fail, too.
       */
      readonly kind: "missing" | "refused" | "lost";
    };
