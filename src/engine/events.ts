import { failed, ok, type Result } from "../base/result.ts";
import type { EngineClient } from "./client.ts";
import { chooseEndpoint } from "./connect/choose.ts";
import { type EngineLine, openLine } from "./connect/dial.ts";
import type { ConnectOptions } from "./connect/endpoint.ts";
import { connectEngine } from "./connect.ts";
import { documentsOf, type EngineEvent, readEvent, timestamp } from "./event.ts";

/** Who is told. Everything here is called one after the other, must be quick and must not throw. */
export interface EventSink {
  /**
   * The stream is open: what changes from now on is told. Called before the first event, each time anew. What passed meanwhile
   * comes as far as the Engine remembers it (its last 256 events, and nothing over its restart), so anyone who must
   * lose nothing reads everything now. The client is good until `disconnected`.
   */
  connected(client: EngineClient): void;
  /** Each event once, in the Engine's order. */
  event(event: EngineEvent): void;
  /** An event could not be kept: something changed, and nobody knows what. */
  missed(): void;
  /** Called once for each time that the Engine is out of reach, also at first. */
  disconnected(reason: string): void;
}

export interface EventFollower {
  /** Drops the connection and makes another: for who learns by another way that the Engine is gone. */
  reconnect(): void;
  close(): Promise<void>;
}

export interface Patience {
  /** Milliseconds before the first attempt to connect again; doubles to `longest`. */
  readonly shortest: number;
  readonly longest: number;
}

/** How many events are remembered to tell which came already; the Engine itself keeps 256 (moby: daemon/events). */
const remembered = 4096;

/**
 * Follows an Engine's events until `close`, over as many connections as it takes. After a break it asks for what came since
 * the last event that it has, that one included, and drops what it has already, so that none is told twice and a clock
 * that was set back costs none that still comes.
 *
 * @see https://docs.docker.com/reference/api/engine/version/v1.45/#tag/System/operation/SystemEvents
 */
export function followEvents(
  options: ConnectOptions,
  sink: EventSink,
  patience: Patience = { shortest: 100, longest: 5_000 },
): EventFollower {
  const seen = new Set<string>();
  let last: bigint | undefined;
  let closed = false;
  let wake = () => {};
  let current: AbortController | undefined;

  function take(text: string): void {
    const event = readEvent(text);
    if (!event) {
      sink.missed();
      return;
    }
    if (seen.has(event.identity)) return;
    seen.add(event.identity);
    if (seen.size > remembered) for (const oldest of seen) if (seen.delete(oldest)) break;
    last = event.timeNano;
    sink.event(event);
  }

  /** One connection, from its opening to its end. Answers why it ended, and whether it was ever open. */
  async function connection(): Promise<{ readonly reason: string; readonly wasOpen: boolean }> {
    const controller = new AbortController();
    current = controller;
    const client = await connectEngine(options);
    if (!client.ok) return { reason: client.reason, wasOpen: false };
    try {
      const line = lineTo(options);
      if (!line.ok) return { reason: line.reason, wasOpen: false };
      try {
        if (closed) return { reason: "", wasOpen: false };
        return await stream(line.value, client.value, controller.signal);
      } finally {
        await line.value.pool.destroy();
      }
    } finally {
      await client.value.close();
    }
  }

  async function stream(
    line: EngineLine,
    client: EngineClient,
    signal: AbortSignal,
  ): Promise<{ readonly reason: string; readonly wasOpen: boolean }> {
    let wasOpen = false;
    try {
      const since = last === undefined ? "" : `&since=${timestamp(last)}`;
      const answer = await line.pool.request({
        path: `${line.basePath}/v${client.apiVersion}/events?filters=${filters}${since}`,
        method: "GET",
        headers: { accept: "application/json" },
        bodyTimeout: 0,
        signal,
      });
      if (answer.statusCode !== 200) {
        await answer.body.dump();
        return { reason: `its events are refused with status ${answer.statusCode}`, wasOpen };
      }
      wasOpen = true;
      last ??= engineTime(answer.headers.date);
      sink.connected(client);
      const push = documentsOf(take, () => sink.missed());
      for await (const chunk of answer.body) push(chunk);
      return { reason: "the Engine ended the stream of its events", wasOpen };
    } catch (error) {
      return { reason: signal.aborted ? "the connection was dropped" : await line.why(error), wasOpen };
    }
  }

  async function follow(): Promise<void> {
    let wait = patience.shortest;
    let told = false;
    while (!closed) {
      const { reason, wasOpen } = await connection();
      if (closed) return;
      if (wasOpen) {
        told = false;
        wait = patience.shortest;
      }
      if (!told) sink.disconnected(reason);
      told = true;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, wait * (0.75 + Math.random() / 2));
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      wait = Math.min(wait * 2, patience.longest);
    }
  }

  const following = follow();
  return {
    reconnect: () => current?.abort(),
    async close() {
      closed = true;
      current?.abort();
      wake();
      await following;
    },
  };
}

/** Where nothing was told yet, a break is caught up from the time at which the Engine answered, by its own clock. */
function engineTime(date: string | string[] | undefined): bigint | undefined {
  const time = typeof date === "string" ? Date.parse(date) : Number.NaN;
  return Number.isNaN(time) ? undefined : BigInt(time) * 1_000_000n;
}

/** Images and the rest of what an Engine tells change nothing of what runs. */
const filters = encodeURIComponent(
  JSON.stringify({ type: ["container", "network", "volume", "daemon", "plugin"] }),
);

/** A line of its own: a stream without an end must not take a place among the questions, nor be cut for its size. */
function lineTo(options: ConnectOptions): Result<EngineLine> {
  const endpoint = chooseEndpoint(options);
  if (!endpoint.ok) return failed(endpoint.reason);
  return ok(openLine(endpoint.value, options.environment, { maxResponseSize: -1, connections: 1 }));
}
