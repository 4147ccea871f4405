import { createSocket } from "node:dgram";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { framesIn } from "../../../../test/support/fleet/syslog-frames.ts";
import { processorTime } from "../../reading/sweep.ts";
import { openQueue } from "../queue/queue.ts";
import { queuedOutput } from "../queue/queued.ts";
import { parseSyslogAddress } from "./message.ts";
import { syslog } from "./syslog.ts";

const change = (number: number, more = "") =>
  changeOf("opened", findingOf("privileged", { subject: `container:c${number}${more}` }));
const subjectsIn = (messages: readonly string[]) =>
  messages.map((message) => /container:(c\d+)/.exec(message)?.[1]);
const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => `c${from + index}`);

describe("an address", () => {
  it.each([
    ["udp://logs.example.org", { kind: "udp", host: "logs.example.org", port: 514 }],
    ["tcp://10.0.0.1", { kind: "tcp", host: "10.0.0.1", port: 601 }],
    ["tls://logs:16514", { kind: "tls", host: "logs", port: 16_514 }],
    ["tcp://[fd00::1]:514", { kind: "tcp", host: "fd00::1", port: 514 }],
    ["unix:///dev/log", { kind: "local", path: "/dev/log" }],
  ])("%s is read", (text, expected) => {
    expect(parseSyslogAddress(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    "logs:514",
    "http://logs",
    "udp://",
    "tcp://host:99999",
    "tcp://user@host",
    "unix://relative",
    "udp://a b",
  ])("%s is none", (text) => {
    expect(parseSyslogAddress(text)).toMatchObject({ ok: false, reason: expect.stringContaining("udp://") });
  });
});

it("sends a datagram a change, over IPv4", async () => {
  const server = createSocket("udp4");
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  const got: string[] = [];
  server.on("message", (message) => got.push(message.toString()));
  const { port } = server.address();
  const { send, close, said } = open(`udp://127.0.0.1:${port}`);
  for (let number = 1; number <= 5; number += 1) send(change(number));
  await close();
  await expect.poll(() => subjectsIn(got).toSorted()).toEqual(names(1, 5));
  expect(got[0]).toMatch(
    /^<27>1 2027-01-31T12:00:00\.000Z host1 bulkhead \d+ opened - opened high privileged /,
  );
  expect(said).toEqual([]);
});

it("says once that nobody takes datagrams", async () => {
  const { send, close, said } = open("udp://nobody.invalid");
  for (let number = 1; number <= 3; number += 1) send(change(number));
  await expect
    .poll(() => said, { timeout: 20_000 })
    .toEqual([
      expect.stringMatching(/^syslog udp:\/\/nobody\.invalid .*: 3 changes wait, tried again until taken$/),
    ]);
  await close();
});

/** A syslog over TCP on a port, with what came over all its connections. */
async function receiver(port = 0) {
  const connections: Buffer[][] = [];
  const sockets = new Set<Socket>();
  let reading = true;
  const server: Server = createServer((socket) => {
    const chunks: Buffer[] = [];
    connections.push(chunks);
    sockets.add(socket);
    socket.on("error", () => {});
    if (reading) socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    else socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  onTestFinished(stop);
  return {
    port: (server.address() as AddressInfo).port,
    messages: () => connections.flatMap((chunks) => framesIn(Buffer.concat(chunks))),
    stop,
    standStill() {
      reading = false;
    },
  };
}

function open(target: string) {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const output = queuedOutput({
    destination: syslog,
    to: { target, secret: null, token: null, facility: null },
    source: { host: "watched", sender: "host1", version: "1.2.3" },
    timeout: 10_000,
    queue: openQueue({ folder: undefined, size: 1024 * 1024, say }),
    setAside: () => {},
    pauses: { first: 20, longest: 100, end: 3_000 },
    say,
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= output.close();
    return closed;
  };
  onTestFinished(close);
  return { send: output.send, close, said };
}

describe("over TCP", () => {
  it("each message comes after its length in bytes, whatever its characters are", async () => {
    const to = await receiver();
    const { send, close, said } = open(`tcp://127.0.0.1:${to.port}`);
    for (let number = 1; number <= 200; number += 1) send(change(number, ` 日本 ${number}\n17 <0>forged`));
    await close();
    await expect.poll(() => subjectsIn(to.messages())).toEqual(names(1, 200));
    expect(to.messages().every((message) => message.startsWith("<27>1 "))).toBe(true);
    expect(said).toEqual([]);
  });

  it("what comes while nobody listens waits, is told once, and follows", async () => {
    const first = await receiver();
    const { port } = first;
    const { send, said } = open(`tcp://127.0.0.1:${port}`);
    send(change(1));
    await expect.poll(() => subjectsIn(first.messages())).toEqual(["c1"]);
    await first.stop();
    for (let number = 2; number <= 50; number += 1) send(change(number));
    await expect.poll(() => said).toHaveLength(1);
    const second = await receiver(port);
    await expect.poll(() => subjectsIn(second.messages())).toEqual(names(2, 50));
    await expect
      .poll(() => said)
      .toEqual([
        expect.stringMatching(
          /^syslog tcp:\/\/127\.0\.0\.1:\d+ .*: \d+ changes? waits?, tried again until taken$/,
        ),
        `syslog tcp://127.0.0.1:${port} takes changes again`,
      ]);
  });

  it("a receiver that reads nothing costs no time and no more memory than is said, and the end comes", async () => {
    const to = await receiver();
    to.standStill();
    const { send, close, said } = open(`tcp://127.0.0.1:${to.port}`);
    const before = processorTime();
    for (let number = 1; number <= 30_000; number += 1) send(change(number, "x".repeat(900)));
    expect(processorTime() - before).toBeLessThan(10_000);
    expect(said[0]).toContain("20000 changes wait in memory: the oldest of them are dropped");
    await close();
    expect(said.at(-1)).toMatch(/\d+ changes not delivered, and lost/);
  });

  it("says what is lost where it never was reached", async () => {
    const nobody = await receiver();
    await nobody.stop();
    const { send, close, said } = open(`tcp://127.0.0.1:${nobody.port}`);
    send(change(1));
    await expect.poll(() => said).toHaveLength(1);
    await close();
    expect(said).toEqual([
      expect.stringContaining("refuses the connection: 1 change waits, tried again until taken"),
      expect.stringContaining("1 change not delivered, and lost"),
    ]);
  });
});
