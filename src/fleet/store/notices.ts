import { sql } from "kysely";
import type { FleetDatabase } from "./open.ts";
import { isPostgres, noticesCuts, postgresUrl } from "./postgres.ts";

const channel = "bulkhead";

/** Tells every replica that uses this database. Nothing where it is a file: no other process serves it. */
export async function notice(database: FleetDatabase, topic: string): Promise<void> {
  if (isPostgres(database)) await sql`select pg_notify(${channel}, ${topic})`.execute(database);
}

export interface Listening {
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
