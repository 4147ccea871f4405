import { chmodSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Kysely, Migrator } from "kysely";
import { failed, ok, type Result } from "../../base/result.ts";
import { loadDriver, whyDatabase } from "./database.ts";
import { connectPostgres, isPostgresUrl } from "./postgres.ts";
import { fleetMigrations } from "./schema/migrations.ts";
import { makeMonths } from "./schema/months.ts";
import type { FleetSchema } from "./schema/schema.ts";
import type { Spelling } from "./schema/spelling.ts";
import { fileDialect } from "./sqlite.ts";

export type FleetDatabase = Kysely<FleetSchema>;

/**
 * Opens the database of `bulkhead serve`, a file or `postgres://…`, and brings an older one up to date, or to the step `upTo`. One
 * of a newer version is refused, and untouched.
 */
export async function openFleet(
  store: string,
  password?: string,
  upTo?: string,
): Promise<Result<FleetDatabase>> {
  return isPostgresUrl(store) ? await openPostgres(store, password, upTo) : await openFile(store, upTo);
}

/** Several may do this at once: the migrator holds an advisory lock, and who comes later finds nothing to do. */
async function openPostgres(
  store: string,
  password: string | undefined,
  upTo: string | undefined,
): Promise<Result<FleetDatabase>> {
  const updates = await connectPostgres(store, password, "updates");
  if (!updates.ok) return updates;
  const { name } = updates.value;
  const migrated = await migrate(updates.value.database, { id: "bigserial", number: "bigint" }, upTo);
  await updates.value.database.destroy();
  if (!migrated.ok) return failed(`${name} ${migrated.reason}`);
  const connected = await connectPostgres(store, password);
  if (!connected.ok) return connected;
  const { database } = connected.value;
  try {
    if (upTo === undefined) await makeMonths(database, Date.now());
    return ok(database);
  } catch (error) {
    await database.destroy();
    return failed(`${name} cannot be used: ${whyDatabase(error)}`);
  }
}

/** Made where there is none. */
async function openFile(path: string, upTo: string | undefined): Promise<Result<FleetDatabase>> {
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
    // What a host was told to be kept is on the disk, whatever happens to the power.
    connection.pragma("synchronous = FULL");
    connection.pragma("foreign_keys = ON");
    database = new Kysely<FleetSchema>({ dialect: fileDialect(connection) });
    const migrated = await migrate(database, { id: "integer", number: "integer" }, upTo);
    if (migrated.ok) return ok(database);
    await database.destroy();
    return failed(`${path} ${migrated.reason}`);
  } catch (error) {
    await database?.destroy();
    return failed(`${path} cannot be used: ${whyDatabase(error)}`);
  }
}

async function migrate(
  database: FleetDatabase,
  spelling: Spelling,
  upTo: string | undefined,
): Promise<Result<void>> {
  const known = fleetMigrations(spelling);
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => ({ ...known }) } });
  const { error, results } = await (upTo === undefined
    ? migrator.migrateToLatest()
    : migrator.migrateTo(upTo));
  if (error === undefined) return ok(undefined);
  const stopped = results?.find(({ status }) => status === "Error");
  // Nothing was tried: the database names a step that is not known here.
  if (!stopped && isUnknownStep(error)) return failed("was written by a newer bulkhead");
  if (!stopped) return failed(`cannot be used: ${whyDatabase(error)}`);
  return failed(`cannot be brought up to date (${stopped.migrationName}): ${whyDatabase(error)}`);
}

/** kysely's migrator has no code for it. */
function isUnknownStep(error: unknown): boolean {
  return error instanceof Error && error.message.includes("corrupted migrations");
}
