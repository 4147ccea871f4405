import { afterEach, describe, expect, it, test } from "vitest";
import {
  startTestProxy,
  type TestProxy,
  type TestProxyOptions,
} from "../../../test/support/guard/guard-proxy.ts";
import { failed, ok } from "../../base/result.ts";
import { judge } from "../judge/judge.ts";
import type { Sink } from "../log/sink.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import type { Policy } from "../policy/policy.ts";

const host = "Host: docker\r\n";
const json = "Content-Type: application/json\r\n";
const pong = "HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK";
const ping = `GET /_ping HTTP/1.1\r\n${host}\r\n`;

let open: TestProxy | undefined;
afterEach(async () => {
  await open?.stop();
  open = undefined;
});

async function start(options: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
  open = await startTestProxy({ engine: answersWith(pong), ...options });
  return open;
}

/** Answers each request, which comes as one piece, with the same. */
function answersWith(answer: string): TestProxyOptions["engine"] {
  return ({ socket }) => socket.write(answer, "latin1");
}

function verdicts(proxy: TestProxy): readonly string[] {
  return proxy.lines.map((line) => {
    const { verdict, route, reasons } = JSON.parse(line);
    return [verdict, route, ...reasons.map(({ rule }: { rule: string }) => rule)].join(" ");
  });
}

describe("what goes to the Engine", () => {
  it("is made anew: no header of the client's own, no blank, no order of the query", async () => {
    const proxy = await start();
    const head = `GET /v1.45/containers/json?all=True&limit=05 HTTP/1.1\r\n${host}X-Evil: 1\r\nAccept: x\r\nConnection: keep-alive, X-Evil\r\nKeep-Alive: 5\r\nTE: trailers\r\n\r\n`;
    await proxy.client(head).until("OK");
    const received = proxy.engine[0]?.received() ?? "";
    expect(received).toMatch(/^GET \/v1\.45\/containers\/json\?\S+ HTTP\/1\.1\r\nHost: docker\r\n\r\n$/);
  });

  it("has the length of the body that was judged, chunked or not", async () => {
    const proxy = await start({ gate: passAll });
    const body = '{"Container":"web"}';
    const post = `POST /v1.45/networks/net/disconnect HTTP/1.1\r\n${host}${json}`;
    await proxy.client(`${post}Content-Length: ${body.length}\r\n\r\n${body}`).until("OK");
    await proxy
      .client(
        `${post}Transfer-Encoding: chunked\r\n\r\n5\r\n${body.slice(0, 5)}\r\ne\r\n${body.slice(5)}\r\n0\r\nX-Trailer: 1\r\n\r\n`,
      )
      .until("OK");
    const received = proxy.engine.map((side) => side.received()).join("");
    expect(received.match(/Content-Length: 19\r\n\r\n\{"Container":"web"\}/g)).toHaveLength(2);
    expect(received).not.toMatch(/chunked|Trailer/i);
  });
});

/** Lets through what can be read, as it was read. */
const passAll: NonNullable<TestProxyOptions["gate"]> = {
  async judge(raw) {
    const { readRequest } = await import("../request/read.ts");
    const read = readRequest(raw, { maxBytes: 1_000_000, maxDepth: 64, maxItems: 256 });
    if (!read.ok) {
      const reasons = [{ rule: read.rule, message: read.message }];
      return { verdict: "deny", route: read.route, request: undefined, reasons, status: 403 };
    }
    const { request } = read;
    return {
      verdict: "allow",
      route: request.route,
      request,
      changes: [],
      warnings: [],
      notes: [],
      response: undefined,
    };
  },
};

describe("requests that are read in two ways elsewhere", () => {
  test.each([
    [
      "both lengths",
      `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${ping}`,
    ],
    [
      "two lengths",
      `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Content-Length: 0\r\nContent-Length: 40\r\n\r\n${ping}`,
    ],
    [
      "another coding",
      `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Transfer-Encoding: gzip\r\n\r\n${ping}`,
    ],
    [
      "a hidden coding",
      `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Content-Length: 0\r\nTransfer-Encoding : chunked\r\n\r\n${ping}`,
    ],
    [
      "a folded coding",
      `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${ping}`,
    ],
    [
      "a chunk's extension",
      `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Transfer-Encoding: chunked\r\n\r\n2;a\r\n{}\r\n0\r\n\r\n${ping}`,
    ],
    ["bare line feeds", `GET /_ping HTTP/1.1\nHost: docker\n\n${ping}`],
    ["no host", `GET /_ping HTTP/1.1\r\n\r\n${ping}`],
    ["two hosts", `GET /_ping HTTP/1.1\r\n${host}Host: other\r\n\r\n${ping}`],
  ])("end the connection without anything sent on: %s", async (_, bytes) => {
    const proxy = await start();
    const answered = await proxy.client(bytes).ended();
    expect(answered).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(answered.match(/HTTP\/1\.1 \d/g)).toHaveLength(1);
    expect(answered).toContain("Connection: close\r\n");
    expect(proxy.engine).toHaveLength(0);
    expect(verdicts(proxy)).toEqual(["deny  guard-http"]);
  });

  it("are answered 403 with the rule where the path is not the Engine's", async () => {
    const proxy = await start();
    for (const path of [
      "/v1.045/_ping",
      "//_ping",
      "/v1.45/../_ping",
      "/v1.99/_ping",
      "/nothing",
      "http://docker/_ping",
    ]) {
      const answered = await proxy.client(`GET ${path} HTTP/1.1\r\n${host}Connection: close\r\n\r\n`).ended();
      expect(answered).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/);
      expect(answered).toMatch(/X-Bulkhead-Rules: guard-(path|version|route)\r\n/);
      expect(answered).toContain('{"message":"bulkhead: ');
    }
    expect(proxy.engine).toHaveLength(0);
  });
});

describe("a connection", () => {
  it("takes requests behind each other, and answers in their order", async () => {
    let asked = 0;
    const proxy = await start({
      engine: ({ socket }) => {
        asked += 1;
        const number = String(asked);
        // The first one takes longest.
        setTimeout(() => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${number}`), 30 / asked);
      },
    });
    const client = proxy.client(ping + ping + ping.replace(host, `${host}Connection: close\r\n`));
    const bodies = (await client.ended())
      .split("\r\n\r\n")
      .slice(1)
      .map((each) => each[0]);
    expect(bodies).toEqual(["1", "2", "3"]);
    expect(proxy.engine).toHaveLength(1);
  });

  it("asks nothing more while it does not read what it was answered", async () => {
    const proxy = await start();
    const client = proxy.client("");
    client.socket.pause();
    const unknown = `GET /nothing HTTP/1.1\r\n${host}\r\n`;
    client.socket.write(unknown.repeat(5_000));
    let answered = 0;
    while (answered === 0 || answered !== proxy.lines.length) {
      answered = proxy.lines.length;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(answered).toBeLessThan(4_000);
    client.socket.resume();
    client.socket.write(ping);
    await client.until("\r\n\r\nOK");
    expect(proxy.lines).toHaveLength(5_001);
  });

  it("goes on after a denial, if the body was read", async () => {
    const proxy = await start();
    const body = '{"Image":"nginx","HostConfig":{"Privileged":true}}';
    const create = `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Content-Length: ${body.length}\r\n\r\n${body}`;
    const answered = await proxy.client(`${create}${ping}`).until("OK");
    expect(answered).toMatch(/^HTTP\/1\.1 403 /);
    expect(proxy.engine.map((side) => side.received()).join("")).not.toContain("create");
  });

  it("is not read for ever: a head that comes too slowly is answered 408, an idle one ends", async () => {
    const proxy = await start({ timeouts: { head: 200, idle: 200, body: 200 } });
    const slow = proxy.client("GET /_ping HTT");
    const silent = proxy.client("");
    const idle = proxy.client(ping);
    const body = proxy.client(
      `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}Content-Length: 10\r\n\r\n{`,
    );
    expect(await slow.ended()).toMatch(/^HTTP\/1\.1 408 /);
    expect(await silent.ended()).toBe("");
    expect(await idle.ended()).toMatch(/^HTTP\/1\.1 200 /);
    expect(await body.ended()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("is not read for ever in its later heads either, alone or with the end of the one before", async () => {
    const proxy = await start({ timeouts: { head: 200, idle: 60_000 } });
    const later = proxy.client(ping);
    await later.until("OK");
    later.socket.write("GET /_pi");
    const together = proxy.client(`${ping}GET /_pi`);
    expect(await later.ended()).toContain("HTTP/1.1 408 ");
    expect(await together.ended()).toContain("HTTP/1.1 408 ");
  });

  it("is answered 413 for too large a body, before it came", async () => {
    const proxy = await start();
    const post = `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}`;
    expect(await proxy.client(`${post}Content-Length: 999999999\r\n\r\n`).ended()).toMatch(
      /^HTTP\/1\.1 413 /,
    );
    const chunk = `10000\r\n${"x".repeat(0x10000)}\r\n`;
    const client = proxy.client(`${post}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(200)}`);
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 413 /);
    expect(proxy.engine).toHaveLength(0);
  });

  it("is told to go on where it waits for that, and only if it is let through", async () => {
    const proxy = await start({ gate: passAll });
    const head = `${host}Expect: 100-continue\r\nContent-Length: 3\r\nContent-Type: application/x-tar\r\n\r\n`;
    const client = proxy.client(`PUT /v1.45/containers/web/archive?path=/ HTTP/1.1\r\n${head}`);
    await client.until("HTTP/1.1 100 Continue\r\n\r\n");
    client.socket.write("tar");
    await client.until("OK");
    expect(proxy.engine.map((side) => side.received()).join("")).toMatch(/Content-Length: 3\r\n\r\ntar$/);
    const denied = proxy.client(`PUT /v1.45/nothing HTTP/1.1\r\n${head}`);
    expect(await denied.ended()).toMatch(/^HTTP\/1\.1 403 /);
    const strange = proxy.client(`GET /_ping HTTP/1.1\r\n${host}Expect: a-miracle\r\n\r\n`);
    expect(await strange.ended()).toMatch(/^HTTP\/1\.1 417 /);
  });
});

describe("what comes back", () => {
  it("has known headers alone, and its body in the guard's own framing", async () => {
    const answer = `HTTP/1.1 200 OK\r\nApi-Version: 1.99\r\nOstype: linux\r\nSet-Cookie: a=b\r\nX-Other: 1\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n2\r\nOK\r\n0\r\nX: y\r\n\r\n`;
    const proxy = await start({ engine: answersWith(answer) });
    const got = await proxy.client(ping.replace(host, `${host}Connection: close\r\n`)).ended();
    expect(got).toBe(
      "HTTP/1.1 200 OK\r\nApi-Version: 1.54\r\nOstype: linux\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nOK\r\n0\r\n\r\n",
    );
  });

  it("has no chunks for HTTP/1.0, and ends with the connection", async () => {
    const proxy = await start({
      engine: answersWith("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n"),
    });
    const got = await proxy.client("GET /_ping HTTP/1.0\r\n\r\n").ended();
    expect(got).toBe("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nOK");
  });

  it("has no body after HEAD, 204 and 304, and the connection stays", async () => {
    const answers = [
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 304 Not Modified\r\n\r\n",
      pong,
    ];
    const proxy = await start({ engine: ({ socket }) => socket.write(answers.shift() ?? ""), gate: passAll });
    const post = (verb: string) =>
      `POST /v1.45/containers/web/${verb} HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`;
    const got = await proxy
      .client(`HEAD /_ping HTTP/1.1\r\n${host}\r\n${post("start")}${post("start")}${ping}`)
      .until("\r\n\r\nOK");
    expect(got.match(/HTTP\/1\.1 \d+/g)).toEqual([
      "HTTP/1.1 200",
      "HTTP/1.1 204",
      "HTTP/1.1 304",
      "HTTP/1.1 200",
    ]);
    expect(got).toContain("HTTP/1.1 204 No Content\r\n\r\n");
    expect(proxy.engine).toHaveLength(1);
  });

  it("comes as it is sent, piece by piece", async () => {
    const proxy = await start({
      gate: passAll,
      engine: answersWith("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"),
    });
    const client = proxy.client(`GET /v1.45/events HTTP/1.1\r\n${host}\r\n`);
    await client.until("one");
    proxy.engine[0]?.socket.write("3\r\ntwo\r\n");
    expect(await client.until("two")).toContain("3\r\none\r\n3\r\ntwo\r\n");
  });

  test.each([
    ["no HTTP", "SSH-2.0-x\r\n\r\n"],
    ["another protocol", "HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n"],
    ["two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx"],
    ["another coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx"],
  ])("is answered 502 where the Engine speaks %s", async (_, answer) => {
    const proxy = await start({ engine: answersWith(answer) });
    const got = await proxy.client(ping).until('"message"');
    expect(got).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
    expect(proxy.engine[0]?.socket.destroyed || proxy.engine[0]?.socket.readableEnded).toBeTruthy();
  });

  it("is cut where the Engine is cut, so that nobody takes a part for the whole", async () => {
    const proxy = await start({
      gate: passAll,
      engine: ({ socket }) =>
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n", () =>
          setTimeout(() => socket.destroy(), 20),
        ),
    });
    const got = await proxy.client(`GET /v1.45/events HTTP/1.1\r\n${host}\r\n`).ended();
    expect(got).toContain("one");
    expect(got).not.toContain("0\r\n\r\n");
  });
});

describe("an attached stream", () => {
  const attach = (headers: string) =>
    `POST /v1.45/containers/web/attach?stream=1&stdin=1 HTTP/1.1\r\n${host}${headers}\r\n`;
  const upgrade = "Connection: Upgrade\r\nUpgrade: tcp\r\n";
  const upgraded =
    "HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";

  it("goes both ways, and each ends by itself", async () => {
    const proxy = await start({
      engine: ({ socket, received }) => received().endsWith("\r\n\r\n") && socket.write(upgraded),
      gate: passAll,
    });
    const client = proxy.client(attach(upgrade));
    await client.until("\r\n\r\n");
    expect(client.received()).toBe(upgraded);
    const engine = proxy.engine[0]?.socket;
    client.socket.end("question");
    await new Promise((resolve) => engine?.once("end", resolve));
    expect(proxy.engine[0]?.received()).toMatch(/\r\n\r\nquestion$/);
    engine?.end("answer");
    expect(await client.ended()).toMatch(/answer$/);
  });

  it("is opened without an Upgrade, too, for old clients", async () => {
    const plain = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n";
    const proxy = await start({
      engine: ({ socket, received }) => received().endsWith("\r\n\r\n") && socket.write(plain),
      gate: passAll,
    });
    const client = proxy.client(attach(""));
    expect(await client.until("\r\n\r\n")).toBe(plain);
    expect(proxy.engine[0]?.received()).not.toMatch(/upgrade/i);
    proxy.engine[0]?.socket.write("out");
    client.socket.write("in");
    await client.until("out");
  });

  it("gets what came behind the head on its way, after the Engine agreed, and the end of it", async () => {
    let before = "";
    const proxy = await start({
      engine: ({ socket, received }) => {
        if (before !== "") return;
        setTimeout(() => {
          before = received();
          socket.write(upgraded);
        }, 50);
      },
      gate: passAll,
    });
    const client = proxy.client("");
    client.socket.end(`${attach(upgrade)}ahead`);
    await client.until("101");
    const engine = proxy.engine[0];
    await new Promise((resolve) =>
      engine?.socket.readableEnded ? resolve(0) : engine?.socket.once("end", resolve),
    );
    expect(before).not.toContain("ahead");
    expect(engine?.received()).toMatch(/\r\n\r\nahead$/);
  });

  it("is no tunnel where the Engine refuses: the answer is one, and the next request is judged", async () => {
    const no = 'HTTP/1.1 404 Not Found\r\nContent-Length: 16\r\n\r\n{"message":"no"}';
    const proxy = await start({ engine: answersWith(no), gate: passAll });
    const client = proxy.client(
      `${attach(upgrade)}POST /nothing HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`,
    );
    const got = await client.until("guard-route");
    expect(got.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 404", "HTTP/1.1 403"]);
    expect(proxy.engine[0]?.received()).not.toContain("nothing");
  });

  it("is not opened on other routes, nor into other protocols", async () => {
    const proxy = await start({ gate: passAll });
    const other = proxy.client(ping.replace(host, `${host}${upgrade}`));
    expect(await other.until("}")).toMatch(/^HTTP\/1\.1 403 .*guard-header/s);
    const h2c = proxy.client(attach("Connection: Upgrade\r\nUpgrade: h2c\r\n"));
    expect(await h2c.until("}")).toMatch(/^HTTP\/1\.1 403 .*guard-header/s);
    const session = proxy.client(
      `POST /session HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
    );
    await session.until("HTTP/1.1");
    expect(proxy.engine.map((side) => side.received()).join("")).not.toContain("_ping");
  });

  it("ends at the Engine where the client vanishes, and at the client where the Engine does", async () => {
    const proxy = await start({
      engine: ({ socket, received }) => received().endsWith("\r\n\r\n") && socket.write(upgraded),
      gate: passAll,
    });
    const first = proxy.client(attach(upgrade));
    await first.until("101");
    const gone = new Promise((resolve) => proxy.engine[0]?.socket.once("end", resolve));
    first.socket.destroy();
    await gone;
    const second = proxy.client(attach(upgrade));
    await second.until("101");
    proxy.engine[1]?.socket.destroy();
    await second.ended();
  });

  it("is a WebSocket only if the Engine proves that it read the handshake", async () => {
    const key = "dGhlIHNhbXBsZSBub25jZQ==";
    const ask = `GET /v1.45/containers/web/attach/ws?stream=1 HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`;
    const accept = (value: string) =>
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${value}\r\n\r\n`;
    const answers = [accept("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), accept("AAAAAAAAAAAAAAAAAAAAAAAAAAA=")];
    const proxy = await start({ engine: ({ socket }) => socket.write(answers.shift() ?? ""), gate: passAll });
    expect(await proxy.client(ask).until("\r\n\r\n")).toContain(
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n",
    );
    expect(await proxy.client(ask).until("}")).toMatch(/^HTTP\/1\.1 502 /);
  });
});

describe("a reader that is slower than the Engine", () => {
  const [count, pieces, piece] = [300_000, 120, 5_000];
  const numbers = Array.from({ length: count }, (_, index) => String(index).padStart(8, "0")).join("");

  test.each([
    [
      "an answer",
      `GET /v1.45/events HTTP/1.1\r\n${host}Connection: close\r\n\r\n`,
      `HTTP/1.1 200 OK\r\nContent-Length: ${numbers.length}\r\n\r\n`,
    ],
    [
      "a stream",
      `POST /v1.45/containers/web/attach?stream=1 HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
      "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
    ],
  ])("gets every byte of %s as it was sent", async (_, request, head) => {
    const proxy = await start({
      engine: async ({ socket }) => {
        socket.write(head);
        // In small pieces at first, each by itself: those are taken on while the ones before still wait.
        for (let at = 0; at < pieces * piece; at += piece) {
          await new Promise((resolve) => setTimeout(resolve, 2));
          socket.write(numbers.slice(at, at + piece));
        }
        socket.end(numbers.slice(pieces * piece));
      },
      gate: passAll,
    });
    const client = proxy.client(request);
    client.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 600));
    client.socket.resume();
    const got = await client.ended();
    const body = got.slice(got.indexOf("\r\n\r\n") + 4);
    expect(body.length).toBe(numbers.length);
    expect(body === numbers).toBe(true);
  });
});

describe("the Engine's connections", () => {
  it("are opened anew where they went away while idle", async () => {
    const proxy = await start();
    await proxy.client(ping).until("OK");
    proxy.engine[0]?.socket.destroy();
    await proxy.client(ping).until("OK");
    expect(proxy.engine).toHaveLength(2);
  });

  it("are used no more after one said more than its answer", async () => {
    const proxy = await start({
      engine: answersWith(`${pong}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`),
    });
    const client = proxy.client(ping);
    await client.until("OK");
    client.socket.write(ping);
    expect(await client.until("OKHTTP/1.1 200")).not.toContain("evil");
    expect(proxy.engine).toHaveLength(2);
  });

  it("may be asked again for what only reads, where one breaks before it answers", async () => {
    let asked = 0;
    const proxy = await start({
      engine: ({ socket }) => {
        asked += 1;
        if (asked === 2) socket.destroy();
        else socket.write(pong);
      },
    });
    const client = proxy.client(ping);
    await client.until("OK");
    client.socket.write(ping);
    await client.until("OKHTTP/1.1 200");
    expect(proxy.engine).toHaveLength(2);
  });

  it("are cut with the client that waits for an answer", async () => {
    const proxy = await start({ engine: () => undefined });
    const client = proxy.client(`GET /v1.45/events HTTP/1.1\r\n${host}\r\n`);
    while (proxy.engine.length === 0 || proxy.engine[0]?.received() === "")
      await new Promise((resolve) => setTimeout(resolve, 5));
    const gone = new Promise((resolve) => proxy.engine[0]?.socket.once("end", resolve));
    client.socket.destroy();
    await gone;
  });

  it("never see a request twice that may change something", async () => {
    const proxy = await start({
      engine: ({ socket, received }) =>
        received().includes("start") ? socket.destroy() : socket.write(pong),
      gate: passAll,
    });
    await proxy.client(ping).until("OK");
    const post = `POST /v1.45/containers/web/start HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`;
    expect(await proxy.client(post).until("}")).toMatch(/^HTTP\/1\.1 502 /);
    expect(proxy.engine.filter((side) => side.received().includes("start"))).toHaveLength(1);
  });
});

describe("a decision that cannot be written down", () => {
  const logOf = (write: Sink["write"], isFree: boolean): Sink => ({
    write,
    isFree: () => isFree,
    hasRoomForDenials: () => true,
    reopen: () => ok(undefined),
    close: () => undefined,
  });

  it("is a denial, and is told", async () => {
    let isFull = true;
    const log = logOf(
      async () => (isFull ? failed("the audit log cannot be written: the disk is full") : ok(undefined)),
      false,
    );
    const proxy = await start({ log });
    const client = proxy.client(ping);
    expect(await client.until("}")).toMatch(/^HTTP\/1\.1 403 .*the disk is full \(guard-log\)/s);
    expect(proxy.engine).toHaveLength(0);
    expect(proxy.told).toEqual(["the audit log cannot be written: the disk is full"]);
    isFull = false;
    client.socket.write(ping);
    await client.until("OK");
  });

  it("is a denial of a question, too, which is asked while it is written down", async () => {
    let isFull = true;
    const proxy = await start({
      log: logOf(() => (isFull ? failed("the disk is full") : ok(undefined)), true),
    });
    const client = proxy.client(ping);
    const denied = /HTTP\/1\.1 403 .*the disk is full \(guard-log\)"\}\n$/s;
    expect(await client.until("}")).toMatch(denied);
    expect(proxy.told).toEqual(["the disk is full"]);
    expect(proxy.engine).toHaveLength(0);
    isFull = false;
    client.socket.write(ping);
    expect(await client.until("OK")).toMatch(/\(guard-log\).*HTTP\/1\.1 200 .*OK$/s);
    // It was asked before: the Engine is asked at once, and nobody hears its answer.
    isFull = true;
    const again = proxy.client(ping);
    expect(await again.until("}")).toMatch(denied);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(again.received()).not.toContain("OK");
    isFull = false;
    again.socket.write(ping);
    expect(await again.until("OK")).toMatch(/\(guard-log\)"\}\nHTTP\/1\.1 200 .*OK$/s);
    isFull = true;
    const post = `POST /v1.45/containers/web/start HTTP/1.1\r\n${host}Content-Length: 0\r\n\r\n`;
    expect(await proxy.client(post).until("}")).toContain("the disk is full");
    expect(proxy.engine.some((side) => side.received().includes("start"))).toBe(false);
  });

  it("leaves no question with the Engine where writing it down is a fault", async () => {
    let isBroken = false;
    const log = logOf(() => {
      if (isBroken) throw new Error("EIO");
      return ok(undefined);
    }, true);
    const proxy = await start({ log });
    const client = proxy.client(ping);
    await client.until("OK");
    isBroken = true;
    client.socket.write(ping);
    expect(await client.ended()).toMatch(/OKHTTP\/1\.1 500 .*guard-fault/s);
    const [side] = proxy.engine;
    while (side?.socket.readyState === "open") await new Promise((resolve) => setTimeout(resolve, 5));
    expect(proxy.engine).toHaveLength(1);
  });

  it("is waited for before anything is sent on", async () => {
    let write: () => void = () => undefined;
    const log = logOf(
      () =>
        new Promise((resolve) => {
          write = () => resolve(ok(undefined));
        }),
      false,
    );
    const proxy = await start({ log });
    const client = proxy.client(ping);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(proxy.engine).toHaveLength(0);
    write();
    await client.until("OK");
  });
});

test("what is asked again is judged once under a policy, and anew under another", async () => {
  const judged: Policy[] = [];
  const gate: TestProxyOptions["gate"] = {
    judge(raw, policy) {
      judged.push(policy);
      return judge(raw, policy, async () => new Map());
    },
  };
  const proxy = await start({ gate });
  const list = `GET /v1.45/containers/json HTTP/1.1\r\n${host}\r\n`;
  const client = proxy.client(list);
  await client.until("OK");
  client.socket.write(list);
  await client.until("OKHTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK");
  expect(judged).toHaveLength(1);
  const closed = { ...defaultPolicy, groups: { ...defaultPolicy.groups, read: "deny" as const } };
  proxy.proxy.use({ default: closed, clients: [], socketProxy: undefined });
  client.socket.write(list);
  expect(await client.until("}")).toMatch(/ 403 .*\(guard-route\)/s);
  expect(verdicts(proxy)).toEqual([
    "allow container-list",
    "allow container-list",
    "deny container-list guard-route",
  ]);
});

test("a fault of the guard's own is a denial that says nothing of the request", async () => {
  const proxy = await start({
    gate: {
      judge: () => {
        throw new Error("secret of the request");
      },
    },
  });
  const got = await proxy.client(ping).ended();
  expect(got).toMatch(/^HTTP\/1\.1 500 .*guard-fault/s);
  expect(got + proxy.told.join("")).not.toContain("secret");
  expect(proxy.told[0]).toMatch(/fault of bulkhead's own/);
  expect(proxy.engine).toHaveLength(0);
});

test("at its end what runs may end, and what is new is not taken", async () => {
  const proxy = await start({ engine: ({ socket }) => setTimeout(() => socket.write(pong), 150) });
  const busy = proxy.client(ping);
  const idle = proxy.client("");
  while (proxy.engine.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const stopping = proxy.proxy.stop(5_000);
  expect(await busy.ended()).toMatch(/Connection: close\r\n\r\nOK$/);
  expect(await idle.ended()).toBe("");
  expect(await proxy.client(ping).ended()).toBe("");
  expect(await stopping).toBe(0);
});
