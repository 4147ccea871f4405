import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { CompiledQuery, sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { changeOf, findingOf } from "../../../test/support/changes.ts";
import { testFleet } from "../../../test/support/fleet/fleet.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "../../../test/support/fleet/postgres.ts";
import { takeAttempt } from "./accounts/attempts.ts";
import { appendAudit, brokenAt } from "./accounts/audit-log.ts";
import { whyDatabase } from "./database.ts";
import { openFindings, putChanges, putHost, putOpen } from "./hosts/hosts.ts";
import { listImages } from "./hosts/images.ts";
import { listHosts, type Times } from "./hosts/overview.ts";
import { openFleet } from "./open.ts";
import { connectPostgres, listenToReplicas } from "./postgres.ts";

const lacking = whyNoPostgres();

describe.skipIf(lacking !== undefined)("a fleet's store in PostgreSQL", () => {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);

  it("is made by several that start at the same moment", async () => {
    const url = await server.newDatabase();
    const opened = await Promise.all(Array.from({ length: 5 }, () => openFleet(url)));
    for (const each of opened) {
      expect(each).toMatchObject({ ok: true });
      if (each.ok) await each.value.destroy();
    }
  });

  it("gives up what takes longer than a page may wait, but no step that brings it up to date", async () => {
    const url = await server.newDatabase();
    const longest = async (use: "pages" | "updates") => {
      const connected = await connectPostgres(url, undefined, use);
      if (!connected.ok) throw new Error(connected.reason);
      const { database } = connected.value;
      onTestFinished(() => database.destroy());
      const { rows } = await sql<{ statement_timeout: string }>`show statement_timeout`.execute(database);
      return rows[0]?.statement_timeout;
    };
    expect(await longest("pages")).toBe("30s");
    expect(await longest("updates")).toBe("0");
  });

  it("keeps the audit log's chain, and counts tries, where replicas write beside each other", async () => {
    const url = await server.newDatabase();
    const replicas = [await testFleet(url), await testFleet(url)] as const;
    const some = Array.from({ length: 40 }, (_, index) => replicas[index % 2] ?? replicas[0]);
    await Promise.all(
      some.map((each, index) => appendAudit(each, { who: "ada", what: `${index}`, detail: {}, now: 1 })),
    );
    expect(await brokenAt(replicas[0])).toBeUndefined();
    const waits = await Promise.all(some.map((each) => takeAttempt(each, "ada", 1)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
  });

  it("lists hosts and images by the time when something changed there", async () => {
    const database = await testFleet(await server.newDatabase());
    const web = { name: "web", image: "app:1", project: undefined, running: true };
    const host = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [web] };
    await putHost(database, host, 1);
    const change = changeOf("opened", findingOf("privileged"));
    await putChanges(database, "h", [change], () => "");
    const time = Date.parse(change.time);
    const found = async (changed: Times) => [
      ...(await listHosts(database, "all", { changed })).map(({ id }) => id),
      ...(await listImages(database, "all", changed)).map(({ image }) => image),
    ];
    expect(await found({ since: time, before: time + 1 })).toEqual(["h", "app:1"]);
    expect(await found({ since: time + 1 })).toEqual([]);
    expect(await found({ before: time })).toEqual([]);
  });

  it("holds every character that a name can have", async () => {
    const database = await testFleet(await server.newDatabase());
    const host = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };
    await putHost(database, host, 1);
    const odd = findingOf("privileged", { message: "a\0b <script> \ud800 \u202e", fingerprint: "f" });
    await putOpen(database, "h", [odd], 1, () => "");
    expect((await openFindings(database, "h")).map(({ control }) => control)).toEqual(["privileged"]);
  });

  it("says in one line why it cannot be used, without the password", async () => {
    const url = new URL(await server.newDatabase());
    url.password = "hunter2";
    const reason = async (to: string) => {
      const opened = await openFleet(to);
      if (opened.ok) await opened.value.destroy();
      return opened.ok ? "" : opened.reason;
    };
    expect(await reason(`postgres://bulkhead:hunter2@${url.host}/none`)).toBe(
      `postgres://bulkhead@${url.host}/none cannot be used: there is no such database`,
    );
    expect(await reason(`postgres://eve:hunter2@${url.host}/d1`)).toBe(
      `postgres://eve@${url.host}/d1 cannot be used: it does not let this user in`,
    );
    expect(await reason("postgres://bulkhead:hunter2@127.0.0.1:1/d")).toBe(
      "postgres://bulkhead@127.0.0.1:1/d cannot be used: it refuses the connection",
    );
    expect(await reason("postgres://")).toBe(
      "--store is not an address such as postgres://user@host/database",
    );
  });

  it("that a newer version wrote is refused", async () => {
    const url = await server.newDatabase();
    const database = await testFleet(url);
    await database.executeQuery(CompiledQuery.raw("update schema_version set version = 999"));
    const opened = await openFleet(url);
    expect(opened).toMatchObject({
      ok: false,
      reason: expect.stringContaining(`${url} was written by a newer bulkhead`),
    });
    await database.executeQuery(CompiledQuery.raw("drop table schema_version"));
    expect(await openFleet(url)).toMatchObject({
      ok: false,
      reason: expect.stringContaining("from before the first release"),
    });
  });

  it("is asked soon by either side whether the other is still there, and frees what a replica held", async () => {
    const url = await server.newDatabase();
    const database = await testFleet(url);
    const replicas = listenToReplicas(url, undefined, { hear() {}, missed() {} });
    onTestFinished(() => replicas.close());
    const show = async (name: string) => {
      const { rows } = await database.executeQuery<{ value: string }>(
        CompiledQuery.raw(`SELECT current_setting('${name}') AS value`),
      );
      return rows[0]?.value;
    };
    expect(await show("idle_in_transaction_session_timeout")).toBe("35s");
    expect(await show("tcp_keepalives_idle")).toBe("30");
    // Both ends of a connection are on this machine: each has a timer that ends within half a minute.
    await expect.poll(() => keepaliveSeconds(new URL(url).port)).toHaveLength(4);
    for (const seconds of keepaliveSeconds(new URL(url).port)) expect(seconds).toBeLessThanOrEqual(30);
  });

  it("fails a transaction whose connection breaks between two statements, and nothing else", async () => {
    const url = await server.newDatabase();
    const [database, other] = [await testFleet(url), await testFleet(url)];
    const uncaught: unknown[] = [];
    const note = (error: unknown) => void uncaught.push(error);
    process.on("uncaughtException", note);
    onTestFinished(() => void process.off("uncaughtException", note));
    const broken = database.transaction().execute(async (step) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(step);
      await sql`select pg_terminate_backend(${rows[0]?.pid}, 10000)`.execute(other);
      // Meanwhile this process reads that the connection is gone.
      await sql`select pg_sleep(0.1)`.execute(other);
      await sql`select 1`.execute(step);
    });
    expect(whyDatabase(await broken.catch((error: unknown) => error))).toBe("it broke the connection off");
    expect(uncaught).toEqual([]);
    expect(await openFindings(database, "h")).toEqual([]);
  });

  it("keeps what was told, and is used again, after its server crashed", async () => {
    const database = await testFleet(await server.newDatabase());
    const host = { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] };
    await putHost(database, host, 1);
    await putOpen(database, "h", [findingOf("privileged")], 1, () => "");
    await server.crash();
    await expect.poll(() => openFindings(database, "h").catch(() => []), { timeout: 10_000 }).toHaveLength(1);
  });
});

/**
 * Seconds until the kernel asks the other end, for each end of a connection to this port.
 * @see https://docs.kernel.org/networking/proc_net_tcp.html
 */
function keepaliveSeconds(port: string): readonly number[] {
  const inHex = `:${Number(port).toString(16).toUpperCase().padStart(4, "0")}`;
  const connections = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  return connections.flatMap((line) => {
    const [, local = "", remote = "", state, , timer = ""] = line.trim().split(/\s+/);
    const [kind, ticks = ""] = timer.split(":");
    const isOfPort = local.endsWith(inHex) || remote.endsWith(inHex);
    return isOfPort && state === "01" && kind === "02" ? [Number.parseInt(ticks, 16) / 100] : [];
  });
}

it("that gives no answer is given up", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  onTestFinished(() => void silent.close());
  const address = silent.address();
  const port = typeof address === "object" ? address?.port : 0;
  expect(await openFleet(`postgres://b@127.0.0.1:${port}/d?connect_timeout=1`)).toEqual({
    ok: false,
    reason: `postgres://b@127.0.0.1:${port}/d cannot be used: it does not answer`,
  });
});
