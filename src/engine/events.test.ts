import { createServer, type ServerResponse } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { listenIn } from "../../test/engine/fake-engine.ts";
import { type EventFollower, followEvents } from "./events.ts";

interface Told {
  readonly follower: EventFollower;
  readonly events: string[];
  readonly log: string[];
  /** What `since` was asked for, connection by connection. */
  readonly asked: (string | null)[];
  /** The open stream's end at the Engine. */
  stream(): ServerResponse;
}

/** Engines tell what they remember since a time, themselves included, then what comes. */
async function follow(
  remembered: () => readonly string[],
  refuse: () => boolean = () => false,
): Promise<Told> {
  const asked: (string | null)[] = [];
  const streams: ServerResponse[] = [];
  const server = createServer((request, response) => {
    response.setHeader("Api-Version", "1.45");
    const url = new URL(request.url ?? "", "http://engine");
    if (url.pathname === "/_ping") {
      response.end("OK");
      return;
    }
    if (refuse()) {
      response.writeHead(500).end("{}");
      return;
    }
    asked.push(url.searchParams.get("since"));
    streams.push(response);
    response.writeHead(200);
    response.flushHeaders();
    for (const event of remembered()) response.write(event);
  });
  const listening = await listenIn(server, () => server.closeAllConnections());
  const log: string[] = [];
  const events: string[] = [];
  const follower = followEvents(
    { host: listening.host, environment: {}, home: "/nonexistent" },
    {
      connected: () => log.push("connected"),
      event: ({ id }) => events.push(id),
      missed: () => log.push("missed"),
      disconnected: (reason) => log.push(reason),
    },
    { shortest: 5, longest: 20 },
  );
  onTestFinished(async () => {
    await follower.close();
    listening.stop();
  });
  const stream = () => {
    const last = streams.at(-1);
    if (!last) throw new Error("nobody connected");
    return last;
  };
  return { follower, events, log, asked, stream };
}

const event = (id: string, timeNano: number) =>
  `{"Type":"container","Action":"start","Actor":{"ID":"${id}"},"timeNano":${timeNano}}\n`;

async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error("it does not come");
    await pause(5);
  }
}

const connections = (told: Told, count: number) =>
  until(() => told.log.filter((each) => each === "connected").length >= count);

it("after a break takes up where it was: nothing lost, nothing twice", async () => {
  const kept: string[] = [];
  const told = await follow(() => (told?.asked.at(-1) === null ? [] : kept));
  await connections(told, 1);
  told.stream().write(event("a", 1_000_000_001) + event("b", 1_000_000_002));
  await until(() => told.events.length === 2);
  kept.push(event("b", 1_000_000_002), event("c", 1_000_000_002), event("d", 1_000_000_003));
  told.stream().destroy();
  await connections(told, 2);
  await until(() => told.events.length === 4);
  told.stream().write(event("e", 1_000_000_004));
  await until(() => told.events.length === 5);
  expect(told.events).toEqual(["a", "b", "c", "d", "e"]);
  expect(told.asked).toEqual([null, "1.000000002"]);
});

it("asks from the last event that came, also where the Engine's clock was set back", async () => {
  const told = await follow(() => []);
  await connections(told, 1);
  told.stream().write(event("a", 9_000_000_000) + event("b", 2_000_000_000));
  await until(() => told.events.length === 2);
  told.stream().end();
  await connections(told, 2);
  told.stream().write(event("c", 2_000_000_001));
  await until(() => told.events.length === 3);
  expect(told.asked).toEqual([null, "2.000000000"]);
});

it("catches up from the Engine's own time where nothing was told before the break", async () => {
  const kept: string[] = [];
  const told = await follow(() => kept);
  await connections(told, 1);
  kept.push(event("a", 1_000_000_000));
  told.stream().end();
  await until(() => told.events.length === 1);
  expect(told.asked[0]).toBeNull();
  const since = Number(told.asked[1]) * 1_000;
  expect(Math.abs(since - Date.now())).toBeLessThan(60_000);
});

it("says once that the Engine is gone, however often it tries", async () => {
  let refusing = false;
  const told = await follow(
    () => [],
    () => refusing,
  );
  await connections(told, 1);
  refusing = true;
  told.stream().end();
  await pause(200);
  refusing = false;
  await connections(told, 2);
  expect(told.log).toEqual(["connected", "the Engine ended the stream of its events", "connected"]);
});

it("tells that something was missed where a document cannot be read, and goes on", async () => {
  const told = await follow(() => []);
  await connections(told, 1);
  told.stream().write(`{"Type":"container"\n${event("a", 1)}`);
  await until(() => told.events.length === 1);
  expect(told.log).toEqual(["connected", "missed"]);
});

it("ends at once, whether it is connected or waits to be", async () => {
  const told = await follow(
    () => [],
    () => true,
  );
  await until(() => told.log.length === 1);
  await told.follower.close();
  const open = await follow(() => []);
  await connections(open, 1);
  await open.follower.close();
});
