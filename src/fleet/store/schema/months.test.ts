import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findingOf } from "../../../../test/support/changes.ts";
import { testFleet } from "../../../../test/support/fleet/fleet.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "../../../../test/support/fleet/postgres.ts";
import { putHost, putOpen } from "../hosts/hosts.ts";
import type { FleetDatabase } from "../open.ts";
import { dropMonths, keptFrom, makeMonths } from "./months.ts";

const day = 86_400_000;

async function tablesOf(database: FleetDatabase) {
  const { rows } = await sql<{ name: string; rows: number }>`
    select tableoid::regclass::text as name, count(*) as rows from change group by 1 order by 1`.execute(
    database,
  );
  return rows.map(({ name, rows: number }) => [name, number]);
}

async function monthTables(database: FleetDatabase) {
  const { rows } = await sql<{ name: string }>`
    select inhrelid::regclass::text as name from pg_inherits where inhparent = 'change'::regclass order by 1`.execute(
    database,
  );
  return rows.map(({ name }) => name);
}

describe.skipIf(whyNoPostgres() !== undefined)("the history in months", () => {
  let server: TestPostgres;
  let url: string;
  let database: FleetDatabase;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.newDatabase();
  }, 60_000);
  afterAll(() => server?.stop(), 60_000);

  it("is made ahead, by several at once, and takes what came before its month was there", async () => {
    database = await testFleet(url);
    const later = Date.UTC(2099, 5, 15);
    await putHost(
      database,
      { id: "h", name: "h", engine: "e", version: "1", connected: true, containers: [] },
      1,
    );
    await putOpen(database, "h", [findingOf("early"), findingOf("stays")], later, () => "");
    expect(await tablesOf(database)).toEqual([["change_other", 2]]);
    const replica = await testFleet(url);
    await Promise.all([makeMonths(database, later), makeMonths(replica, later), makeMonths(replica, later)]);
    expect(await tablesOf(database)).toEqual([["change_2099_06", 2]]);
    expect(await monthTables(database)).toEqual(
      expect.arrayContaining(["change_2099_06", "change_2099_07", "change_2099_08"]),
    );
  });

  it("goes a month at a time, but for what is still open", async () => {
    database = await testFleet(url);
    const end = Date.UTC(2099, 6, 3);
    await putOpen(database, "h", [findingOf("stays")], end, () => "");
    expect(await tablesOf(database)).toEqual([
      ["change_2099_06", 2],
      ["change_2099_07", 1],
    ]);
    const before = keptFrom(database, end + 5 * day);
    expect(before).toBe(Date.UTC(2099, 6));
    await dropMonths(database, before);
    expect(await monthTables(database)).not.toContain("change_2099_06");
    expect(await tablesOf(database)).toEqual([
      ["change_2099_07", 1],
      ["change_other", 1],
    ]);
    // Once more is nothing.
    expect(await dropMonths(database, before)).toBe(0);
  });
});
