import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../../test/support/changes.ts";
import { testFolder } from "../../../../test/support/test-folder.ts";
import { processorTime } from "../../reading/sweep.ts";
import { webhook } from "../http.ts";
import { waitOf } from "../send/post.ts";
import { openQueue } from "./queue.ts";
import { holdFolder, isFolderHeld, setAsideIn } from "./queue-files.ts";
import { type QueuedOptions, queuedOutput } from "./queued.ts";

interface Received {
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly at: number;
}

interface Receiver {
  readonly url: URL;
  readonly received: readonly Received[];
  /** The subjects of all changes that came, in order. */
  subjects(): readonly string[];
}

type Answer = (response: ServerResponse, number: number, body: string) => unknown;

const takes: Answer = (response) => void response.end("ok");

async function receiver(answer: Answer): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      received.push({ body, headers: request.headers, at: performance.now() });
      answer(response, received.length, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}/path-secret?key=query-secret`),
    received,
    subjects: () => received.flatMap(({ body }) => subjectsIn(body)),
  };
}

function subjectsIn(body: string): readonly string[] {
  return JSON.parse(body).changes.map(({ finding }: { finding: { subject: string } }) => finding.subject);
}

function open(
  url: URL,
  at: string | undefined,
  { secret = null, ...more }: Partial<QueuedOptions> & { readonly secret?: string | null } = {},
) {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const output = queuedOutput({
    destination: webhook,
    to: { target: url.href, secret, token: null, facility: null },
    source: { host: "host1", sender: "host1", version: "1.2.3" },
    timeout: 300,
    queue: openQueue({ folder: at, size: 1024 * 1024, say }),
    setAside: setAsideIn(at, say),
    say,
    pauses: { first: 20, longest: 100, end: 300 },
    random: () => 0.5,
    ...more,
  });
  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= output.close();
    return closed;
  };
  onTestFinished(close);
  return { send: output.send, close, said };
}

const change = (number: number) =>
  changeOf("opened", findingOf("privileged", { subject: `container:c${number}` }));
const names = (count: number) => Array.from({ length: count }, (_, index) => `container:c${index + 1}`);

describe("a webhook", () => {
  it("posts changes in order, each with an id of its own, signed over the time and the body", async () => {
    const to = await receiver(takes);
    const { send, close, said } = open(to.url, testFolder(), { secret: "s3cret" });
    for (let number = 1; number <= 250; number += 1) send(change(number));
    await expect.poll(() => to.subjects()).toEqual(names(250));
    await close();
    const [first] = to.received;
    const document = JSON.parse(first?.body ?? "");
    expect(Object.keys(document)).toEqual(["schemaVersion", "tool", "host", "lost", "changes"]);
    expect(Object.keys(document.changes[0])).toEqual(["id", "time", "change", "finding", "cause"]);
    const ids = to.received.flatMap(({ body }) =>
      JSON.parse(body).changes.map(({ id }: { id: string }) => id),
    );
    expect(new Set(ids).size).toBe(250);
    // What changes in one moment comes in as few requests as can be.
    expect(to.received).toHaveLength(3);
    expect(subjectsIn(first?.body ?? "")).toHaveLength(100);
    // By another road than the code's: what the documentation tells a receiver to do.
    for (const { body, headers } of to.received) {
      const mac = createHmac("sha256", "s3cret");
      mac.update(String(headers["bulkhead-timestamp"])).update(".").update(Buffer.from(body));
      expect(headers["bulkhead-signature"]).toBe(`v1=${mac.digest("hex")}`);
      expect(Math.abs(Number(headers["bulkhead-timestamp"]) - Date.now() / 1_000)).toBeLessThan(60);
      expect(headers["content-type"]).toBe("application/json");
    }
    expect(said).toEqual([]);
  });

  it.each<readonly [string, (response: ServerResponse) => unknown, string]>([
    ["answers 500", (response) => response.writeHead(500).end(), "answers 500"],
    ["hangs", () => {}, "gives no answer within 0.3 s"],
    ["breaks off", (response) => response.destroy(), "broke the connection off"],
    ["sends its answer without end", (response) => response.writeHead(503).write("x"), "answers 503"],
    [
      "redirects",
      (response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
      "answers 302, a redirect, which is not followed",
    ],
    ["knows nobody", (response) => response.writeHead(401).end(), "answers 401"],
  ])("that %s costs the watch no time, and gets everything once it is well", async (_, ill, words) => {
    const to = await receiver((response, number, body) =>
      number <= 3 ? ill(response) : takes(response, number, body),
    );
    const { send, said } = open(to.url, testFolder());
    const before = processorTime();
    for (let number = 1; number <= 50; number += 1) send(change(number));
    expect(processorTime() - before).toBeLessThan(250);
    await expect
      .poll(() => new Set(to.received.slice(3).flatMap(({ body }) => subjectsIn(body))).size, {
        timeout: 5_000,
      })
      .toBe(50);
    expect(to.received.slice(3).flatMap(({ body }) => subjectsIn(body))).toEqual(names(50));
    expect(said[0]).toContain(words);
    await expect.poll(() => said).toHaveLength(2);
    expect(said[1]).toContain("takes changes again");
    expect(said.join()).not.toMatch(/path-secret|query-secret/);
  });

  it("waits as long as a receiver asks it to, and doubles its pauses otherwise", async () => {
    const asking = await receiver((response, number, body) =>
      number === 1
        ? void response.writeHead(429, { "retry-after": "1" }).end()
        : takes(response, number, body),
    );
    open(asking.url, testFolder()).send(change(1));
    await expect.poll(() => asking.received.length, { timeout: 5_000 }).toBe(2);
    const [first, second] = asking.received;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(900);

    const failing = await receiver((response, number, body) =>
      number < 4 ? void response.writeHead(500).end() : takes(response, number, body),
    );
    open(failing.url, testFolder(), { pauses: { first: 40, longest: 1_000, end: 300 } }).send(change(1));
    await expect.poll(() => failing.received.length, { timeout: 5_000 }).toBe(4);
    const times = failing.received.map(({ at }) => at);
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    // Three quarters of 40, 80 and 160: a timer is late, never early.
    for (const [index, least] of [29, 59, 119].entries()) expect(gaps[index]).toBeGreaterThan(least);
  });

  it.each([
    ["120", 120_000],
    ["Sun, 31 Jan 2027 12:00:30 GMT", 30_000],
    ["Sun, 31 Jan 2027 11:00:00 GMT", 0],
    ["soon", undefined],
    [undefined, undefined],
  ])("reads Retry-After: %s", (header, milliseconds) => {
    expect(waitOf(header, Date.UTC(2027, 0, 31, 12))).toBe(milliseconds);
  });

  it("sets aside the one change that a receiver will never take, and delivers the others", async () => {
    const to = await receiver((response, _, body) =>
      body.includes("container:c2") ? void response.writeHead(400).end() : void response.end(),
    );
    const at = testFolder();
    const { send, close, said } = open(to.url, at);
    for (let number = 1; number <= 4; number += 1) send(change(number));
    const taken = () => to.received.filter(({ body }) => !body.includes("container:c2"));
    await expect
      .poll(() => taken().flatMap(({ body }) => subjectsIn(body)))
      .toEqual(["container:c1", "container:c3", "container:c4"]);
    await close();
    expect(said).toEqual([
      expect.stringContaining("answers 400: it will not take a change, which is set aside"),
    ]);
    expect(readFileSync(join(at, "refused.jsonl"), "utf8")).toContain("container:c2");
  });

  it("says once that a receiver takes nothing, and how much that was in the end", async () => {
    const to = await receiver((response) => response.writeHead(400).end());
    const { send, close, said } = open(to.url, testFolder());
    for (let number = 1; number <= 5; number += 1) send(change(number));
    await expect.poll(() => to.received.filter(({ body }) => subjectsIn(body).length === 1).length).toBe(5);
    await close();
    expect(said).toEqual([
      expect.stringContaining("answers 400"),
      expect.stringContaining("5 changes were not taken, and are set aside"),
    ]);
  });

  it("delivers after a restart what waited before it", async () => {
    const at = testFolder();
    const nobody = open(new URL("http://127.0.0.1:1/"), at);
    for (let number = 1; number <= 5; number += 1) nobody.send(change(number));
    await nobody.close();
    expect(nobody.said).toEqual([
      expect.stringContaining("refuses the connection: "),
      expect.stringContaining("5 changes wait on the disk for the next watch"),
    ]);
    const to = await receiver(takes);
    const { send } = open(to.url, at);
    send(change(6));
    await expect.poll(() => to.subjects()).toEqual(names(6));
  });

  it("says what is lost where nothing could be kept, and ends in time though the receiver hangs", async () => {
    const to = await receiver(() => {});
    const { send, close, said } = open(to.url, undefined, { timeout: 60_000 });
    send(change(1));
    await close();
    expect(said).toEqual([expect.stringContaining("1 change not delivered, and lost")]);
  });

  it("tells the receiver how many changes were dropped before these", async () => {
    let well = false;
    const to = await receiver((response, number, body) =>
      well ? takes(response, number, body) : void response.writeHead(500).end(),
    );
    const at = testFolder();
    const { send } = open(to.url, at, {
      queue: openQueue({ folder: at, size: 65_536, say: () => {} }),
      destination: { ...webhook, batch: 1_000 },
    });
    for (let number = 1; number <= 500; number += 1) send(change(number));
    well = true;
    await expect.poll(() => to.subjects().at(-1), { timeout: 5_000 }).toBe("container:c500");
    const lost = to.received.map(({ body }) => JSON.parse(body).lost as number);
    const took = to.received.findIndex(({ body }) => JSON.parse(body).lost > 0);
    expect(took).toBeGreaterThanOrEqual(0);
    const gone = Math.max(...lost);
    expect(to.subjects().filter((name) => name === `container:c${gone + 1}`).length).toBeGreaterThan(0);
    expect(lost.at(-1)).toBe(0);
  });

  it("sends the user of its address as it should, and shows neither it nor a token to anybody", async () => {
    const to = await receiver((response, number, body) =>
      number === 1 ? void response.writeHead(500).end() : takes(response, number, body),
    );
    const url = new URL(to.url);
    url.username = "me";
    url.password = "p%40ss";
    const { send, said } = open(url, testFolder());
    send(change(1));
    await expect.poll(() => to.received.length).toBe(2);
    expect(to.received[0]?.headers.authorization).toBe(`Basic ${btoa("me:p@ss")}`);
    expect(said.join()).not.toMatch(/p@ss|p%40ss|me:|secret/);
    expect(said[0]).toContain(`webhook http://127.0.0.1:${url.port} answers 500`);
  });
});

it("a folder is held by one process at a time, and by another once that is gone", async () => {
  const at = testFolder();
  const first = await holdFolder(at);
  expect(await isFolderHeld(at)).toBe(true);
  expect(await holdFolder(at)).toEqual({ kind: "taken" });
  if (first.kind === "held") first.release();
  expect(await isFolderHeld(at)).toBe(false);
  const second = await holdFolder(at);
  expect(second.kind).toBe("held");
  if (second.kind === "held") second.release();
  expect(await holdFolder(join(at, "x".repeat(120)))).toEqual({
    kind: "impossible",
    reason: "its path is too long for a socket",
  });
  expect(await holdFolder(join(at, "missing"))).toEqual({ kind: "impossible", reason: "permission denied" });
});
