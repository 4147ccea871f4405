import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CompiledQuery } from "kysely";
import { afterAll, beforeAll, describe } from "vitest";
import type { FleetDatabase } from "../../../src/fleet/store/open.ts";
import { connectPostgres } from "../../../src/fleet/store/postgres.ts";
import { freePort } from "../free-port.ts";
import { testFleet } from "./fleet.ts";

export interface TestPostgres {
  /** `postgres://bulkhead@127.0.0.1:40123/d1`: a new database, empty; its tables are kept below the folder, where one is given. */
  newDatabase(folder?: string): Promise<string>;
  /** Ends the server as a power cut would, and starts it again. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Where Debian keeps the server's programs. */
function programs(): string | undefined {
  const root = "/usr/lib/postgresql";
  try {
    const newest = readdirSync(root).toSorted((one, other) => Number(other) - Number(one))[0];
    return newest && join(root, newest, "bin");
  } catch {
    return undefined;
  }
}

/** Why there is no PostgreSQL to test with; undefined where there is. In CI that is a failure. */
export function whyNoPostgres(): string | undefined {
  if (programs() !== undefined) return undefined;
  if (process.env.CI === "true") throw new Error("PostgreSQL is missing (apt-get install postgresql)");
  return "PostgreSQL is missing (apt-get install postgresql)";
}

/**
 * A throw-away server on 127.0.0.1, which everybody may use. It ends with this process, however that ends. `settings`:
 * `shared_buffers=1GB`.
 */
export async function startPostgres(settings: readonly string[] = []): Promise<TestPostgres> {
  const bin = programs();
  if (bin === undefined) throw new Error("PostgreSQL is missing");
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-postgres-"));
  chmodSync(folder, 0o700);
  // It refuses to run as root.
  const user = process.getuid?.() === 0 ? idsOf("postgres") : {};
  if (user.uid !== undefined && user.gid !== undefined) chownSync(folder, user.uid, user.gid);
  const data = join(folder, "data");
  execFileSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "bulkhead", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"],
    { ...user, cwd: "/", stdio: "pipe" },
  );
  const port = await freePort();
  const root = `postgres://bulkhead@127.0.0.1:${port}`;
  let server: ReturnType<typeof spawn> | undefined;

  async function start(): Promise<void> {
    // The shell outlives nobody: when its input ends, it ends the server.
    server = spawn(
      "sh",
      [
        "-c",
        '"$0" -D "$1" -k "$1" -p "$2" -c listen_addresses=127.0.0.1 -c fsync=off ${3:+$3} >"$1/log" 2>&1 & pid=$!; read -r signal; kill "-${signal:-INT}" $pid; wait $pid',
        join(bin ?? "", "postgres"),
        data,
        String(port),
        settings.map((each) => `-c ${each}`).join(" "),
      ],
      { ...user, cwd: "/", stdio: ["pipe", "ignore", "ignore"], detached: true },
    );
    const deadline = Date.now() + 60_000;
    while (!(await connectPostgres(`${root}/postgres`, undefined).then(close))) {
      if (Date.now() > deadline || server.exitCode !== null) {
        throw new Error(`PostgreSQL does not start:\n${readFileSync(join(data, "log"), "utf8")}`);
      }
      await pause(50);
    }
  }

  async function end(signal: string): Promise<void> {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null) return;
    const ended = once(running, "exit");
    running.stdin?.end(`${signal}\n`);
    await ended;
  }

  let databases = 0;
  await start();
  return {
    async newDatabase(tables) {
      databases += 1;
      const name = `d${databases}`;
      const connected = await connectPostgres(`${root}/postgres`, undefined);
      if (!connected.ok) throw new Error(connected.reason);
      const { database } = connected.value;
      const run = (text: string) => database.executeQuery(CompiledQuery.raw(text));
      if (tables !== undefined) {
        if (user.uid !== undefined && user.gid !== undefined) chownSync(tables, user.uid, user.gid);
        await run(`CREATE TABLESPACE of_${name} LOCATION '${tables}'`);
      }
      await run(`CREATE DATABASE ${name}${tables === undefined ? "" : ` TABLESPACE of_${name}`}`);
      await database.destroy();
      return `${root}/${name}`;
    },
    async crash() {
      await end("QUIT");
      await start();
    },
    start,
    async stop() {
      await end("QUIT");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function close(connected: Awaited<ReturnType<typeof connectPostgres>>): Promise<boolean> {
  if (connected.ok) await connected.value.database.destroy();
  return connected.ok;
}

function idsOf(name: string): { uid?: number; gid?: number } {
  const [, , uid, gid] =
    readFileSync("/etc/passwd", "utf8")
      .split("\n")
      .map((line) => line.split(":"))
      .find(([user]) => user === name) ?? [];
  return uid === undefined ? {} : { uid: Number(uid), gid: Number(gid) };
}

const describeOrSkip = whyNoPostgres() === undefined ? describe : describe.skip;

/** Suites for both stores: `open` makes an empty one, which goes with the test. */
export function describeStores(body: (open: () => Promise<FleetDatabase>) => void): void {
  describe("in SQLite", () => body(testFleet));
  describeOrSkip("in PostgreSQL", () => {
    let server: TestPostgres;
    beforeAll(async () => {
      server = await startPostgres();
    }, 60_000);
    afterAll(() => server?.stop(), 60_000);
    body(async () => await testFleet(await server.newDatabase()));
  });
}
