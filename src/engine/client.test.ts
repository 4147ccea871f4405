import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { type FakeEngine, fakeEngine, listenIn, type Replies } from "../../test/engine/fake-engine.ts";
import type { EngineClient } from "./client.ts";
import { connectEngine } from "./connect.ts";

const open: { stop(): void }[] = [];
const clients: EngineClient[] = [];

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  for (const each of open.splice(0)) each.stop();
});

async function engine(replies: Replies): Promise<FakeEngine> {
  const started = await fakeEngine(replies);
  open.push(started);
  return started;
}

/** A server that is no Engine. */
async function server(serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const listening = await listenIn(
    createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      serve(socket);
    }),
    () => {
      for (const socket of sockets) socket.destroy();
    },
  );
  open.push(listening);
  return listening.host;
}

async function connect(host: string) {
  const client = await connectEngine({ host, environment: {}, home: "/nowhere" });
  if (client.ok) clients.push(client.value);
  return client;
}

async function connected(host: string): Promise<EngineClient> {
  const client = await connect(host);
  if (!client.ok) throw new Error(client.reason);
  return client.value;
}

describe("connecting", () => {
  it.each([
    ["1.41", "1.41"],
    ["1.45", "1.45"],
    ["1.99", "1.47"],
    ["2.0", "1.47"],
  ])("speaks to an Engine of %s as %s", async (theirs, settled) => {
    const { host } = await engine({ documents: { "/info": {} }, apiVersion: theirs });
    const client = await connected(host);
    expect(client.apiVersion).toBe(settled);
    expect(await client.get("/info")).toEqual({ ok: true, value: {} });
  });

  it("refuses an Engine that is too old", async () => {
    const { host } = await engine({ apiVersion: "1.40" });
    expect(await connect(host)).toMatchObject({
      reason: expect.stringMatching(/its API is 1\.40; 1\.41 .* is needed/),
    });
  });

  it.each<[string, (socket: Socket) => void, RegExp]>([
    ["does not speak HTTP", (socket) => socket.end("SSH-2.0-OpenSSH_9.2\r\n"), /does not speak HTTP/],
    ["hangs up", (socket) => socket.destroy(), /closed the connection/],
    [
      "is another HTTP server",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
      /not a Docker Engine: it names no API version/,
    ],
    [
      "refuses",
      (socket) => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 21\r\n\r\n{"message": "no way"}'),
      /status 403: no way/,
    ],
    [
      "steers the terminal",
      (socket) => socket.end('HTTP/1.1 500 No\r\nContent-Length: 30\r\n\r\n{"message": "a\\u001b[31mb\\nc"}'),
      /status 500: a \[31mb$/,
    ],
  ])("says in one line of what %s", async (_, serve, reason) => {
    const answer = await connect(await server(serve));
    expect(answer).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
    expect(JSON.stringify(answer)).not.toContain("\\n");
  });

  it("gives up on what never answers", async () => {
    const start = Date.now();
    expect(await connect(await server(() => {}))).toMatchObject({
      reason: expect.stringContaining("does not answer in time"),
    });
    expect(Date.now() - start).toBeLessThan(5_000);
  });

  it.each([
    ["unix:///nosuch/engine.sock", /the socket does not exist/],
    ["unix:///dev/null", /nothing listens there/],
    ["tcp://127.0.0.1:1", /nothing listens there/],
    ["tcp://nosuch.invalid:1", /name/],
  ])("%s", async (host, reason) => {
    expect(await connect(host)).toMatchObject({ ok: false, reason: expect.stringMatching(reason) });
  });
});

describe("asking", () => {
  it("tells what the Engine does not know from what it refuses", async () => {
    const { host } = await engine({
      handlers: {
        "/broken": (response) => response.writeHead(500).end("<html>"),
        "/html": (response) => response.end("<html>"),
      },
    });
    const client = await connected(host);
    expect(await client.get("/nosuch")).toMatchObject({
      kind: "missing",
      reason: expect.stringContaining("no such thing"),
    });
    expect(await client.get("/broken")).toMatchObject({
      kind: "refused",
      reason: "it answers with status 500",
    });
    expect(await client.get("/html")).toMatchObject({
      kind: "refused",
      reason: expect.stringContaining("not JSON"),
    });
  });

  it("goes on after one answer that broke off", async () => {
    const { host } = await engine({
      handlers: {
        "/half": (response) => {
          response.writeHead(200, { "content-length": 100 }).write("{");
          setImmediate(() => response.destroy());
        },
      },
      documents: { "/whole": { fine: true } },
    });
    const client = await connected(host);
    expect(await client.get("/half")).toMatchObject({ kind: "refused" });
    expect(await client.get("/whole")).toEqual({ ok: true, value: { fine: true } });
  });

  it("asks no more of an Engine that died in the middle of an answer", async () => {
    const dying = await engine({
      handlers: {
        "/half": (response, self) => {
          response.writeHead(200, { "content-length": 100 }).write("{");
          setImmediate(() => self.die());
        },
      },
    });
    const client = await connected(dying.host);
    const answers = await Promise.all(["/half", "/half", "/other"].map((path) => client.get(path)));
    expect(answers.map((answer) => (answer.ok ? "fine" : answer.kind))).toContain("lost");
    expect(await client.get("/later")).toMatchObject({ kind: "lost" });
    expect(dying.asked).not.toContain("/later");
  });

  it("does not take in more than a document may hold", async () => {
    const megabyte = Buffer.alloc(1024 * 1024, "[");
    const { host } = await engine({
      handlers: {
        "/huge": (response) => {
          let sent = 0;
          const more = () => {
            while (sent < 200 && response.write(megabyte)) sent += 1;
            if (sent < 200) response.once("drain", more);
            else response.end();
          };
          more();
        },
      },
    });
    const client = await connected(host);
    expect(await client.get("/huge")).toMatchObject({
      reason: expect.stringContaining("more than a document may hold"),
    });
  });
});
