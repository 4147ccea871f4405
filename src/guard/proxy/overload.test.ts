import { afterEach, describe, expect, it } from "vitest";
import {
  startTestProxy,
  type TestProxy,
  type TestProxyOptions,
} from "../../../test/support/guard/guard-proxy.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import type { Policy } from "../policy/policy.ts";

let proxies: TestProxy[] = [];
afterEach(async () => {
  for (const each of proxies) await each.stop();
  proxies = [];
});

const answering: TestProxyOptions["engine"] = ({ socket }, piece) => {
  for (const _ of piece.matchAll(/^(?:GET|POST|HEAD|PUT) /gm))
    socket.write("HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nContent-Length: 2\r\n\r\nOK");
};
const silent: TestProxyOptions["engine"] = () => undefined;

async function start(options: Partial<TestProxyOptions> = {}): Promise<TestProxy> {
  const made = await startTestProxy({ engine: answering, ...options });
  proxies.push(made);
  return made;
}

const host = "Host: docker\r\n";
const json = "Content-Type: application/json\r\n";
const ping = `GET /_ping HTTP/1.1\r\n${host}\r\n`;
const post = `POST /v1.45/containers/create HTTP/1.1\r\n${host}${json}`;
const under = (words: Partial<Policy>): Policy => ({ ...defaultPolicy, ...words });

describe("a body", () => {
  it("is not read where its route is closed: the answer comes before it", async () => {
    const proxy = await start({ policy: under({ routes: { "container-create": "deny" } }) });
    const answered = await proxy.client(`${post}Content-Length: 4000000\r\n\r\n`).until("\r\n\r\n");
    expect(answered).toMatch(/^HTTP\/1\.1 403 /);
    expect(answered).toContain("X-Bulkhead-Rules: guard-route");
    expect(proxy.lines.join("")).toContain('"route":"container-create"');
  });

  it("has one deadline, though its bytes go on coming", async () => {
    const proxy = await start({ timeouts: { body: 1_500 } });
    const client = proxy.client(`${post}Content-Length: 1000\r\n\r\n`);
    const drip = setInterval(() => client.socket.write(" "), 100);
    const answered = await client.ended();
    clearInterval(drip);
    expect(answered).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("is refused in chunks of a few bytes, and read in many small ones that a client may send", async () => {
    const proxy = await start();
    const tiny = proxy.client(`${post}Transfer-Encoding: chunked\r\n\r\n${"1\r\n \r\n".repeat(5_000)}`);
    expect(await tiny.ended()).toMatch(/^HTTP\/1\.1 400 /);
    const body = `{"Image":"nginx",${" ".repeat(200_000)}"HostConfig":{"Privileged":true}}`;
    const chunks = body.match(/.{1,40}/gs) ?? [];
    const framed = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
    const small = proxy.client(`${post}Transfer-Encoding: chunked\r\n\r\n${framed}0\r\n\r\n`);
    expect(await small.until("privileged")).toMatch(/^HTTP\/1\.1 403 /);
  });

  it("is refused where too many large ones are held, and taken again once they are gone", async () => {
    const proxy = await start();
    const large = `${post}Content-Length: 4000000\r\n\r\n${" ".repeat(3_900_000)}`;
    const held = Array.from({ length: 9 }, () => proxy.client(large));
    const answers = await Promise.race(
      held.map(async (each, at) => ({ at, text: await each.until("\r\n\r\n") })),
    );
    expect(answers.text).toMatch(/^HTTP\/1\.1 503 /);
    for (const each of held) each.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const body = '{"Image":"nginx","HostConfig":{"Privileged":true}}';
    expect(
      await proxy.client(`${post}Content-Length: ${body.length}\r\n\r\n${body}`).until("privileged"),
    ).toMatch(/^HTTP\/1\.1 403 /);
  });
});

describe("how much a client may ask", () => {
  it("has an end in requests under way", async () => {
    const traffic = { connections: 10, concurrent: 2 };
    const proxy = await start({ engine: silent, policy: under({ traffic }) });
    for (let each = 0; each < 2; each += 1) proxy.client(ping);
    while (proxy.engine.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
    const answered = await proxy.client(ping).until("no more");
    expect(answered).toMatch(/^HTTP\/1\.1 429 /);
    expect(answered).toContain("X-Bulkhead-Rules: guard-traffic");
  });

  it("has an end in requests each second", async () => {
    const traffic = { connections: 10, concurrent: 10, perSecond: 1, burst: 2 };
    const proxy = await start({ policy: under({ traffic }) });
    const answered = await proxy.client(ping.repeat(3)).until("HTTP/1.1 429");
    expect(answered.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  });

  it("has an end in connections", async () => {
    const traffic = { connections: 1, concurrent: 10 };
    const proxy = await start({ policy: under({ traffic }) });
    const first = proxy.client(ping);
    await first.until("OK");
    expect(await proxy.client(ping).ended()).toBe("");
    first.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await proxy.client(ping).until("OK");
  });
});

describe("the Engine", () => {
  it("gets no more connections than are allowed: who comes later waits, and is told where that takes too long", async () => {
    let release: () => void = () => undefined;
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const proxy = await start({
      limits: { most: 2, wait: 700, queue: 2 },
      engine: async (side, piece) => {
        await released;
        answering(side, piece);
      },
    });
    const clients = Array.from({ length: 5 }, () => proxy.client(ping));
    // Two have a connection, two wait, one is one too many.
    expect(await Promise.race(clients.map((each) => each.until("in use")))).toMatch(/^HTTP\/1\.1 503 /);
    expect(proxy.engine).toHaveLength(2);
    release();
    const texts = await Promise.all(clients.map((each) => each.until("\r\n\r\n")));
    expect(texts.filter((text) => text.startsWith("HTTP/1.1 200"))).toHaveLength(4);
    expect(proxy.engine).toHaveLength(2);
  });

  it("is told apart from a quiet one: one that answers no ping is given up, one that does is waited for", async () => {
    const liveness = { patience: 300, every: 50 };
    const dead = await start({ engine: silent, liveness });
    const list = `GET /v1.45/containers/json HTTP/1.1\r\n${host}\r\n`;
    const slow = await start({
      liveness,
      engine: (side, piece) => {
        if (piece.includes("/_ping")) answering(side, piece);
        else setTimeout(() => answering(side, piece), 1_500);
      },
    });
    const waited = slow.client(list).until("OK");
    expect(await dead.client(list).until("ping")).toMatch(/^HTTP\/1\.1 504 /);
    expect(await waited).toMatch(/^HTTP\/1\.1 200 /);
  }, 20_000);
});
