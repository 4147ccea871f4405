import { connect } from "node:net";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { testFleet } from "../../../test/support/fleet/fleet.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "../../../test/support/fleet/postgres.ts";
import { host, signedIn, testApp, testService } from "../../../test/support/fleet/serve.ts";
import { testFolder } from "../../../test/support/test-folder.ts";
import { proxiesOf } from "./http/address.ts";
import { openReadiness } from "./http/health.ts";
import { startServer } from "./server.ts";

const page = new Map([["/index.html", { type: "text/html", bytes: new Uint8Array([60]) }]]);

async function listening(store?: string) {
  const database = await testFleet(store);
  const { service } = testService(database);
  const proxies = proxiesOf([]);
  if (!proxies.ok) throw new Error(proxies.reason);
  const started = await startServer(service, page, {
    ...{ address: { host: "127.0.0.1", port: 0 }, url: undefined, tls: undefined, proxies: proxies.value },
  });
  if (!started.ok) throw new Error(started.reason);
  onTestFinished(() => started.value.close());
  return { database, url: started.value.url };
}

const odd = fc.oneof(
  fc.constantFrom(
    "%00",
    "\0",
    "%",
    "%ff",
    "a".repeat(3_000),
    "\u202e",
    "1e999",
    "-1",
    "[object Object]",
    "../..",
    "*",
  ),
  fc.string({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 10 }),
);
const params = [
  "q",
  "severity",
  "limit",
  "offset",
  "host",
  "subject",
  "control",
  "before",
  "state",
  "verdict",
];

/** Asks every route that is described with odd words in its path, its query and its body. */
async function askEverything(store: string | undefined): Promise<void> {
  const { database, url } = await listening(store);
  const { cookie = "" } = await signedIn(
    { database },
    "administrator",
    `a${Math.random()}`.replace(".", ""),
    url,
  );
  const document = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  // A stream does not end, and to sign out ends the session that asks.
  const routes = Object.entries(document.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ path, method })))
    .filter(({ path, method }) => path !== "/events" && !(path === "/session" && method === "delete"));
  expect(routes.length).toBeGreaterThan(50);
  const failures: string[] = [];
  const failed = (error: unknown) => failures.push(String(error));
  process.on("unhandledRejection", failed);
  onTestFinished(() => void process.off("unhandledRejection", failed));
  let asked = 0;
  for (const { path, method } of routes) {
    await fc.assert(
      fc.asyncProperty(
        odd,
        fc.constantFrom(...params),
        fc.dictionary(fc.string(), odd),
        async (word, name, body) => {
          const filled = path.replace(/\{\w+\}/g, () => encodeURIComponent(word) || "1");
          const answer = await fetch(
            `${url}/api/v1${filled}?${name}=${word.startsWith("%") ? word : encodeURIComponent(word.toWellFormed())}`,
            {
              method,
              redirect: "manual",
              headers: { cookie, "content-type": "application/json" },
              ...(method === "get"
                ? {}
                : { body: JSON.stringify({ ...body, name: word, reason: word, title: word }) }),
            },
          ).catch((error: unknown) => {
            throw new Error(`${method} ${path}: ${String(error)}`);
          });
          await answer.arrayBuffer();
          asked += 1;
          if (answer.status >= 500) throw new Error(`${method} ${path} answered ${answer.status}`);
          if (/%00/.test(answer.url)) expect(answer.status).toBe(400);
        },
      ),
      { numRuns: 6 },
    );
  }
  expect(asked).toBeGreaterThan(300);
  expect(failures).toEqual([]);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
}

describe("no input ends the process, and none is a fault", () => {
  it("with a file", () => askEverything(undefined), 120_000);

  describe.skipIf(whyNoPostgres() !== undefined)("with PostgreSQL", () => {
    let postgres: TestPostgres;
    beforeAll(async () => {
      postgres = await startPostgres();
    }, 60_000);
    afterAll(() => postgres?.stop(), 60_000);
    it("every route", async () => askEverything(await postgres.newDatabase()), 120_000);
  });
});

it("NUL is no part of a request, in the query or in a body", async () => {
  const test = await testApp();
  const headers = await signedIn(test, "administrator");
  const status = async (method: string, path: string, body?: unknown) =>
    (await test.call(method, `/api/v1${path}`, { headers, ...(body ? { body } : {}) })).status;
  expect(await status("GET", "/findings?q=%00")).toBe(400);
  expect(await status("GET", "/exports/findings.csv?q=a%00b")).toBe(400);
  expect(await status("POST", "/teams", { name: "a\0", labels: [] })).toBe(400);
});

it("an export that the database fails breaks off, and the server lives", async () => {
  const { database, url } = await listening();
  const { cookie = "" } = await signedIn({ database }, "administrator", "administrator", url);
  await database.schema.dropTable("audit_log").execute();
  const answer = await fetch(`${url}/api/v1/exports/audit-log.jsonl`, { headers: { cookie } });
  await expect(answer.text()).rejects.toThrow();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

it("a thousand silent connections keep nobody out", async () => {
  const { url } = await listening();
  const port = Number(new URL(url).port);
  const silent = Array.from({ length: 1_100 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  onTestFinished(() => {
    for (const socket of silent) socket.destroy();
  });
  await expect.poll(() => silent.filter(({ connecting }) => connecting).length, { timeout: 30_000 }).toBe(0);
  const before = performance.now();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect(performance.now() - before).toBeLessThan(5_000);
});

it("what is not enrolled holds no turn: its body is never read", async () => {
  const { url } = await listening();
  const port = Number(new URL(url).port);
  const slow = connect(port, "127.0.0.1");
  onTestFinished(() => void slow.destroy());
  slow.write(
    `POST /api/v1/ingest/enrol HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${"t".repeat(43)}\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n{`,
  );
  const answer = await new Promise<string>((resolve) =>
    slow.once("data", (chunk) => resolve(chunk.toString())),
  );
  expect(answer).toMatch(/^HTTP\/1.1 401 /);
});

describe("whether it can serve", () => {
  it("is said in a word, and why not in a sentence", async () => {
    const place = join(testFolder(), "serve.db");
    const database = await testFleet(place);
    expect(await openReadiness(database, place)()).toBeUndefined();
    await database.destroy();
    expect(await openReadiness(database, place)()).toMatch(/^The database cannot be used: /);
    const test = await testApp({ whyNotReady: async () => "The disk of the database is full" });
    const answer = await test.call("GET", "/readyz");
    expect([answer.status, await answer.text()]).toEqual([503, "The disk of the database is full\n"]);
    expect((await test.call("GET", "/healthz", { headers: { host } })).status).toBe(200);
  });
});
