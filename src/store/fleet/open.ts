import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Kysely, Migrator, SqliteDialect } from "kysely";
import { failed, ok, type Result } from "../../base/result.ts";
import { loadDriver, whyDatabase } from "../database.ts";
import { fleetMigrations } from "./migrations.ts";
import type { FleetSchema } from "./schema.ts";

export type FleetDatabase = Kysely<FleetSchema>;

/**
 * Opens the database of `bulkhead serve`, makes it where there is none and brings an older one up to date. One of a newer
 * version is refused, and untouched.
 */
export async function openFleet(path: string): Promise<Result<FleetDatabase>> {
  const driver = await loadDriver();
  if (!driver.ok) return driver;
  let database: FleetDatabase | undefined;
  try {
    const there = statSync(path, { throwIfNoEntry: false });
    if (there && !there.isFile()) return failed(`${path} is not a file`);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const connection = new driver.value(path, { timeout: 1_000 });
    // It holds the accounts, and what is wrong in which container.
    chmodSync(path, 0o600);
    connection.pragma("journal_mode = WAL");
    connection.pragma("synchronous = NORMAL");
    connection.pragma("foreign_keys = ON");
    database = new Kysely<FleetSchema>({ dialect: new SqliteDialect({ database: connection }) });
    const migrated = await migrate(database);
    if (migrated.ok) return ok(database);
    await database.destroy();
    return failed(`${path} ${migrated.reason}`);
  } catch (error) {
    await database?.destroy();
    return failed(`${path} cannot be used: ${whyDatabase(error)}`);
  }
}

async function migrate(database: FleetDatabase): Promise<Result<void>> {
  const known = fleetMigrations({ id: "integer", number: "integer" });
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => ({ ...known }) } });
  const { error, results } = await migrator.migrateToLatest();
  if (error === undefined) return ok(undefined);
  const stopped = results?.find(({ status }) => status === "Error");
  // Nothing was tried: the database names a step that is not known here.
  if (!stopped) return failed("was written by a newer bulkhead");
  return failed(`cannot be brought up to date (${stopped.migrationName}): ${whyDatabase(error)}`);
}
