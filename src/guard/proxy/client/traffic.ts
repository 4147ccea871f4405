import type { Policy } from "../../policy/policy.ts";

/** Bytes of request bodies that are held at a time: of all clients, and of one. */
export const bodyBudget = { all: 32 * 1024 * 1024, client: 16 * 1024 * 1024 };

/** Bytes of the Engine's answers that are held whole at a time, since clients may not see all of them: of all clients. */
export const answerBudget = 128 * 1024 * 1024;

/** What one client has under way. */
interface Load {
  connections: number;
  requests: number;
  bodyBytes: number;
  /** Requests that it may begin at once, as of `at` (milliseconds). */
  tokens: number;
  at: number;
}

/** Counts what each client has under way, and says why it may have no more. */
export interface Traffic {
  /** A connection that came in; undefined where the client may have it, else why not. */
  connect(client: string, policy: Policy): string | undefined;
  disconnect(client: string): void;
  /** A request that begins; `end` must be called once it is over if there is no reason against it. */
  begin(client: string, policy: Policy): string | undefined;
  end(client: string): void;
  /** More bytes of a body; false where they are too many. A client's only body is never too large here. */
  holdBytes(client: string, bytes: number): boolean;
  releaseBytes(client: string, bytes: number): void;
  /** More bytes of an answer; false where they are too many. */
  holdAnswer(bytes: number): boolean;
  releaseAnswer(bytes: number): void;
  /** For the metrics. */
  loads(): readonly {
    readonly client: string;
    readonly connections: number;
    readonly requests: number;
    readonly bodyBytes: number;
  }[];
}

export function countTraffic(now: () => number = Date.now): Traffic {
  const loads = new Map<string, Load>();
  let allBytes = 0;
  let answerBytes = 0;

  function loadOf(client: string): Load {
    const known = loads.get(client);
    if (known) return known;
    const made = { connections: 0, requests: 0, bodyBytes: 0, tokens: Number.POSITIVE_INFINITY, at: now() };
    loads.set(client, made);
    return made;
  }

  return {
    connect(client, { traffic }) {
      const load = loadOf(client);
      if (load.connections >= traffic.connections) {
        return `${client} has ${load.connections} connections, and traffic.connections allows no more`;
      }
      load.connections += 1;
      return undefined;
    },
    disconnect(client) {
      loadOf(client).connections -= 1;
    },
    begin(client, { traffic }) {
      const load = loadOf(client);
      if (load.requests >= traffic.concurrent) {
        return `${client} has ${load.requests} requests under way, and traffic.concurrent allows no more`;
      }
      if (traffic.perSecond !== undefined && !takeToken(load, traffic.perSecond, traffic.burst, now())) {
        return `${client} asks more often than traffic.perSecond (${traffic.perSecond}) allows: try again in a moment`;
      }
      load.requests += 1;
      return undefined;
    },
    end(client) {
      loadOf(client).requests -= 1;
    },
    holdBytes(client, bytes) {
      const load = loadOf(client);
      const isAlone = load.bodyBytes === 0;
      const fits = load.bodyBytes + bytes <= bodyBudget.client && allBytes + bytes <= bodyBudget.all;
      if (!fits && !isAlone) return false;
      load.bodyBytes += bytes;
      allBytes += bytes;
      return true;
    },
    releaseBytes(client, bytes) {
      loadOf(client).bodyBytes -= bytes;
      allBytes -= bytes;
    },
    holdAnswer(bytes) {
      if (answerBytes + bytes > answerBudget) return false;
      answerBytes += bytes;
      return true;
    },
    releaseAnswer(bytes) {
      answerBytes -= bytes;
    },
    loads: () =>
      [...loads].map(([client, { connections, requests, bodyBytes }]) => ({
        client,
        connections,
        requests,
        bodyBytes,
      })),
  };
}

/** A token bucket: `burst` requests at once, refilled by `perSecond`. */
function takeToken(load: Load, perSecond: number, burst: number | undefined, time: number): boolean {
  const most = burst ?? Math.max(1, perSecond);
  load.tokens = Math.min(most, load.tokens + ((time - load.at) / 1_000) * perSecond);
  load.at = time;
  if (load.tokens < 1) return false;
  load.tokens -= 1;
  return true;
}
