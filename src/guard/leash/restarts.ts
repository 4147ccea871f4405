import { itemsOf, recordAt, textAt } from "../../base/json.ts";
import type { EngineClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/connect.ts";
import { followEvents } from "../../engine/events.ts";
import { type EngineWriter, openWriter } from "../../engine/write-client.ts";
import type { Judged } from "../judge/judge.ts";

/** Starts containers again, as their restart policies say, for as long as the leash lives. */
export interface Restarts {
  /** A container that asks for it: its id, or the mark in it. */
  asked(key: string, policy: unknown): void;
  /** Hears each decision: one that its client stops is not started again. */
  note(judged: Judged): void;
  /** Stops whatever runs, for good. Gives the reason back. */
  stopAll(why: string): Promise<string>;
  close(): Promise<void>;
}

/** Milliseconds: the first wait, the longest, and how long a container runs that begins anew with the first. */
const waits = { first: 100, longest: 60_000, good: 10_000 };

const stops: ReadonlySet<string> = new Set(["", "KILL", "TERM", "INT", "QUIT", "9", "15", "2", "3"]);

/**
 * dockerd would start a container again without asking, also after the leash is dead and after a reboot. So the leash does it, as one
 * more client of its own socket: each start is judged, counted and written down. Nothing is open until a container asks.
 */
export function keepRestarting(socket: string): Restarts {
  const connect = { host: `unix://${socket}`, context: undefined, environment: {}, home: "/" };
  const policies = new Map<string, unknown>();
  const stopped = new Set<string>();
  const tries = new Map<string, number>();
  const timers = new Set<NodeJS.Timeout>();
  let client: EngineClient | undefined;
  let writer: EngineWriter | undefined;
  let following: ReturnType<typeof followEvents> | undefined;

  async function reader(): Promise<EngineClient | undefined> {
    client ??= await connectEngine(connect).then((opened) => (opened.ok ? opened.value : undefined));
    return client;
  }

  async function changer(): Promise<EngineWriter | undefined> {
    const version = (await reader())?.apiVersion;
    if (writer || version === undefined) return writer;
    const opened = openWriter(connect, version);
    writer = opened.ok ? opened.value : undefined;
    return writer;
  }

  async function died(id: string): Promise<void> {
    const inspected = await (await reader())?.get(`/containers/${id}/json`);
    if (!inspected?.ok) return;
    const mark = textAt(inspected.value, "HostConfig", "ContainerIDFile") ?? "";
    const policy = recordAt({ policy: policies.get(id) ?? policies.get(mark) }, "policy");
    const state = recordAt(inspected.value, "State");
    const ran = Date.parse(String(state.FinishedAt)) - Date.parse(String(state.StartedAt));
    const count = ran > waits.good ? 0 : (tries.get(id) ?? 0);
    if (stopped.has(id) || !isDue(policy, state, count)) return;
    tries.set(id, count + 1);
    const timer = setTimeout(
      () => {
        timers.delete(timer);
        void start(id);
      },
      Math.min(waits.first * 2 ** count, waits.longest),
    );
    timers.add(timer);
  }

  async function ended(): Promise<void> {
    const filter = encodeURIComponent(JSON.stringify({ status: ["exited"] }));
    const listed = await (await reader())?.get(`/containers/json?all=1&filters=${filter}`);
    for (const item of listed?.ok ? itemsOf(listed.value) : []) await died(textAt(item, "Id") ?? "");
  }

  async function start(id: string): Promise<void> {
    if (!stopped.has(id)) await (await changer())?.post(`/containers/${id}/start`);
  }

  return {
    asked(key, policy) {
      policies.set(key, policy);
      following ??= followEvents(connect, {
        // One may have ended before.
        connected: () => void ended(),
        event(event) {
          if (event.type === "container" && event.action === "die") void died(event.id);
        },
        missed: () => undefined,
        disconnected: () => undefined,
      });
    },
    note(judged) {
      if (judged.verdict === "deny") return;
      const { route, request } = judged;
      const id = request.params.container ?? "";
      const signal = (request.query.get("signal")?.[0] ?? "").toUpperCase().replace(/^SIG/, "");
      if (route.id === "container-stop" || (route.id === "container-kill" && stops.has(signal)))
        stopped.add(id);
      if (route.id === "container-start" || route.id === "container-restart") stopped.delete(id);
    },
    async stopAll(why) {
      for (const timer of timers) clearTimeout(timer);
      const listed = await (await reader())?.get("/containers/json");
      const ids = listed?.ok ? itemsOf(listed.value).flatMap((item) => textAt(item, "Id") ?? []) : [];
      await Promise.all(ids.map(async (id) => (await changer())?.post(`/containers/${id}/kill`)));
      return `${why}. ${ids.length} containers are stopped`;
    },
    async close() {
      for (const timer of timers) clearTimeout(timer);
      await following?.close();
      await client?.close();
      await writer?.close();
    },
  };
}

function isDue(
  policy: Readonly<Record<string, unknown>>,
  state: Readonly<Record<string, unknown>>,
  count: number,
): boolean {
  const name = textAt(policy, "Name");
  if (name === "always" || name === "unless-stopped") return true;
  const most = Number(policy.MaximumRetryCount ?? 0);
  return name === "on-failure" && state.ExitCode !== 0 && (most === 0 || count < most);
}
