import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { failed } from "../../base/result.ts";
import { guardMetrics } from "../metrics.ts";
import { defaultPolicy } from "../policy/defaults.ts";
import { type AdminOptions, openAdmin } from "./admin.ts";
import { openHealth } from "./health.ts";

let folder = "";
const told: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "bulkhead-admin-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open(name: string, over: Partial<AdminOptions> = {}) {
  const path = join(folder, name);
  const opened = await openAdmin({
    address: `unix://${path}`,
    policies: () => ({ default: defaultPolicy, socketProxy: undefined, clients: [] }),
    candidate: () => failed("it is wrong"),
    ask: async () => {
      throw new TypeError("PASSWORD=hunter2");
    },
    tell: (line) => told.push(line),
    ...over,
  });
  if (!opened.ok) throw new Error(opened.reason);
  return { path, close: opened.value.close };
}

function ask(socketPath: string, body: string, headers: Readonly<Record<string, string>> = {}) {
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const all = { "Content-Type": "application/json", ...headers };
    const asked = request({ socketPath, path: "/check", method: "POST", headers: all }, (answer) => {
      let text = "";
      answer.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

const create = JSON.stringify({ request: { Image: "nginx" } });

it("only its user can open the socket, which is gone at the end", async () => {
  const admin = await open("a.sock");
  expect(statSync(admin.path).mode & 0o777).toBe(0o600);
  const health = await openHealth(`unix://${join(folder, "b.sock")},mode=0640`, guardMetrics(), async () =>
    failed(""),
  );
  expect(statSync(join(folder, "b.sock")).mode & 0o777).toBe(0o640);
  admin.close();
  if (health.ok) health.value.close();
  expect([existsSync(admin.path), existsSync(join(folder, "b.sock"))]).toEqual([false, false]);
});

it("a fault is told to the operator by its name alone, and to nobody else", async () => {
  const { path, close } = await open("c.sock");
  const { status, text } = await ask(path, create);
  close();
  expect(status).toBe(500);
  expect(`${text}${told}`).not.toContain("hunter2");
  expect(told.at(-1)).toMatch(/report it: TypeError /);
});

it("no web page may ask, and who goes away is no fault", async () => {
  const { path, close } = await open("d.sock");
  expect((await ask(path, create, { Origin: "http://evil.example:2376" })).status).toBe(403);
  expect((await ask(path, create, { "Content-Type": "text/plain" })).status).toBe(415);
  expect((await ask(path, `"${"x".repeat(2 * 1024 ** 2)}"`)).status).toBe(400);
  const before = told.length;
  const socket = connect(path);
  const head =
    "POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
  await new Promise((resolve) => socket.write(head, resolve));
  const gone = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await gone;
  // It is served after the one that went away.
  expect((await ask(path, "{}")).status).toBe(400);
  close();
  expect(told.length).toBe(before);
});

it("over TCP it is on loopback or not at all", async () => {
  for (const address of ["tcp://0.0.0.0:0", "tcp://192.0.2.1:1,plain=network", "http://a"])
    await expect(open("", { address })).rejects.toThrow("--admin takes");
});
