import {
  Kysely,
  PostgresAdapter,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  sql,
} from "kysely";
import type { Pool } from "pg";
import { failed, ok, type Result } from "../../base/result.ts";
import { whyDatabase } from "./database.ts";
import type { FleetSchema } from "./schema/schema.ts";

type FleetDatabase = Kysely<FleetSchema>;

/** Seconds, unless the address says `connect_timeout`. */
const longestConnect = 10;
/** Milliseconds. A page that waits longer than this is given up. */
const longestStatement = 30_000;

/** Seconds of silence until the other side is asked whether it is still there; it then has half a minute. */
const quiet = 30;

/**
 * What pg needs to notice a network that was cut: no packet says so. Without this a replica would hear no news for two hours, and
 * what it held in the database would stay locked as long.
 */
const noticesCuts = {
  keepAlive: true,
  keepAliveInitialDelayMillis: 1_000 * quiet,
  options: `-c tcp_keepalives_idle=${quiet} -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3`,
} as const;

/** Where PostgreSQL's type numbers come from: https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const int8 = 20;
const numeric = 1700;

interface PostgresConnections {
  readonly database: Kysely<FleetSchema>;
  /** As messages name it: without the password. */
  readonly name: string;
}

export function isPostgresUrl(store: string): boolean {
  return /^postgres(?:ql)?:\/\//.test(store);
}

/**
 * Connects to PostgreSQL. A reason never holds the password. `pages`: what takes longer than a page may is given up; `updates`: to
 * bring a large database up to date takes as long as it takes, and so does waiting for who does it.
 */
export async function connectPostgres(
  store: string,
  password: string | undefined,
  use: "pages" | "updates" = "pages",
): Promise<Result<PostgresConnections>> {
  const url = postgresUrl(store, password);
  if (!url.ok) return url;
  const name = shownStore(url.value);
  const { default: pg } = await import("pg");
  const pool = new pg.Pool({
    connectionString: url.value.href,
    application_name: "bulkhead serve",
    max: 10,
    connectionTimeoutMillis: 1_000 * Number(url.value.searchParams.get("connect_timeout") ?? longestConnect),
    // A transaction whose replica is gone holds its locks until then.
    idle_in_transaction_session_timeout: longestStatement + 5_000,
    // The server may be gone without a word.
    ...(use === "pages" && { statement_timeout: longestStatement, query_timeout: longestStatement + 5_000 }),
    ...noticesCuts,
    types: {
      // Counts and times: none comes near 2^53.
      getTypeParser: ((oid: number, format: "text") =>
        oid === int8 || oid === numeric ? Number : pg.types.getTypeParser(oid, format)) as never,
    },
  });
  // A connection that breaks while nobody uses it is replaced; the next question says what is wrong.
  pool.on("error", () => {});
  // One that breaks between two statements fails the second of them. Without a listener the event would end this process.
  pool.on("connect", (client) => client.on("error", () => {}));
  const database = new Kysely<FleetSchema>({ dialect: new PostgresDialect({ pool: withoutNul(pool) }) });
  try {
    await sql`select 1`.execute(database);
    return ok({ database, name });
  } catch (error) {
    await database.destroy();
    return failed(`${name} cannot be used: ${whyDatabase(error)}`);
  }
}

/** PostgreSQL keeps no text with U+0000, which a host may send: it becomes U+FFFD, whichever statement it is in. */
function withoutNul(pool: Pool): PostgresPool {
  const clean = (value: unknown) => (typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value);
  return {
    async connect() {
      const client = await pool.connect();
      const query = client.query.bind(client) as (text: unknown, values?: readonly unknown[]) => unknown;
      return Object.assign(Object.create(client) as PostgresPoolClient, {
        query: (text: unknown, values?: readonly unknown[]) =>
          values === undefined ? query(text) : query(text, values.map(clean)),
        release: () => client.release(),
      });
    },
    end: () => pool.end(),
  };
}

/**
 * In a transaction: waits until no other transaction holds this name, which SQLite, with one writer at a time, need not. It ends
 * with the transaction. Anyone who reads what they then write has to hold one.
 */
export async function hold(step: Kysely<FleetSchema>, name: string): Promise<void> {
  await holdAll(step, [name]);
}

/** Holds several names, always in one order, so that no two transactions wait for each other. */
export async function holdAll(step: Kysely<FleetSchema>, names: readonly string[]): Promise<void> {
  if (!isPostgres(step)) return;
  const sorted = names.toSorted();
  await sql`select pg_advisory_xact_lock(hashtextextended(name, 0)) from unnest(${sorted}::text[]) as name`.execute(
    step,
  );
}

export function isPostgres(database: Pick<Kysely<unknown>, "getExecutor">): boolean {
  return database.getExecutor().adapter instanceof PostgresAdapter;
}

/** The address with the password in it, as pg takes it. */
function postgresUrl(store: string, password: string | undefined): Result<URL> {
  const url = URL.canParse(store) ? new URL(store) : undefined;
  if (!url || url.pathname.length < 2) {
    return failed("--store is not an address such as postgres://user@host/database");
  }
  if (password === undefined) return ok(url);
  if (url.host === "") return failed("--store has to name a host where there is a password");
  url.password = encodeURIComponent(password);
  return ok(url);
}

/** Without the password and what else stands behind the database's name. */
function shownStore({ protocol, username, host, pathname }: URL): string {
  return `${protocol}//${username === "" ? "" : `${username}@`}${host}${pathname}`;
}

/**
 * Runs where no other replica runs under this name at the same time. False if one does. The lock belongs to a connection: it
 * ends with a replica that dies. A file is used by one process, which has to see to it that it does not run twice.
 */
export async function asLeader(
  database: FleetDatabase,
  name: string,
  run: () => Promise<void>,
): Promise<boolean> {
  if (!isPostgres(database)) {
    await run();
    return true;
  }
  return await database.connection().execute(async (own) => {
    const { rows } = await sql<{ held: boolean }>`
      select pg_try_advisory_lock(hashtextextended(${`leader ${name}`}, 0)) as held`.execute(own);
    if (rows[0]?.held !== true) return false;
    try {
      await run();
    } finally {
      await sql`select pg_advisory_unlock(hashtextextended(${`leader ${name}`}, 0))`.execute(own);
    }
    return true;
  });
}

const channel = "bulkhead";

/** Tells every replica that uses this database. Nothing where it is a file: no other process serves it. */
export async function notice(database: FleetDatabase, topic: string): Promise<void> {
  if (isPostgres(database)) await sql`select pg_notify(${channel}, ${topic})`.execute(database);
}

interface Listening {
  close(): Promise<void>;
}

const retryEvery = 5_000;

/**
 * Hears what any replica tells, by a connection of its own that is made again when it breaks. `missed` is called then: what was
 * told meanwhile nobody heard.
 */
export function listenToReplicas(
  store: string,
  password: string | undefined,
  { hear, missed }: { readonly hear: (topic: string) => void; readonly missed: () => void },
): Listening {
  let isOver = false;
  let wasOpen = false;
  let retry: NodeJS.Timeout | undefined;
  let end: () => Promise<void> = async () => {};
  let connecting = connect();

  async function connect(): Promise<void> {
    const url = postgresUrl(store, password);
    if (!url.ok) return;
    const { default: pg } = await import("pg");
    const client = new pg.Client({
      connectionString: url.value.href,
      application_name: "bulkhead serve: news",
      connectionTimeoutMillis: 10_000,
      ...noticesCuts,
    });
    let isBroken = false;
    const again = () => {
      if (isBroken || isOver) return;
      isBroken = true;
      client.end().catch(() => {});
      retry = setTimeout(() => {
        connecting = connect();
      }, retryEvery);
    };
    // What is wrong with the database, the questions of the pages say.
    client.on("error", again);
    client.on("end", again);
    client.on("notification", ({ payload }) => hear(payload ?? ""));
    end = async () => await client.end().catch(() => {});
    try {
      await client.connect();
      await client.query(`LISTEN ${channel}`);
      if (wasOpen) missed();
      wasOpen = true;
    } catch {
      again();
    }
  }

  return {
    async close() {
      isOver = true;
      if (retry) clearTimeout(retry);
      await connecting;
      await end();
    },
  };
}
