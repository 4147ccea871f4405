import type { Database } from "better-sqlite3";
import { type Dialect, Kysely, SqliteDialect, sql } from "kysely";
import { failed, ok, type Result } from "../../base/result.ts";
import { openDatabase, whyDatabase, whyOtherSchema } from "./database.ts";
import { connectPostgres, isPostgresUrl } from "./postgres.ts";
import { makeMonths } from "./schema/months.ts";
import type { FleetSchema } from "./schema/schema.ts";
import { schemaStatements, schemaVersion } from "./schema/tables.ts";

export type FleetDatabase = Kysely<FleetSchema>;

/** Opens the database of `bulkhead serve`, a file or `postgres://…`, and makes its schema if there is none. */
export async function openFleet(store: string, password?: string): Promise<Result<FleetDatabase>> {
  if (isPostgresUrl(store)) return await openPostgres(store, password);
  // What a host was told to be kept is on the disk, whatever happens to the power.
  const file = await openDatabase(store, { durable: true });
  return file.ok ? ok(new Kysely<FleetSchema>({ dialect: fileDialect(file.value) })) : file;
}

async function openPostgres(store: string, password: string | undefined): Promise<Result<FleetDatabase>> {
  const maker = await connectPostgres(store, password, "updates");
  if (!maker.ok) return maker;
  const { name } = maker.value;
  const made = await makeSchema(maker.value.database).catch((error: unknown) =>
    failed(`cannot be used: ${whyDatabase(error)}`),
  );
  await maker.value.database.destroy();
  if (!made.ok) return failed(`${name} ${made.reason}`);
  const connected = await connectPostgres(store, password);
  if (!connected.ok) return connected;
  const { database } = connected.value;
  try {
    await makeMonths(database, Date.now());
    return ok(database);
  } catch (error) {
    await database.destroy();
    return failed(`${name} cannot be used: ${whyDatabase(error)}`);
  }
}

/** Several may do this at once: who comes later waits, and finds nothing to do. */
async function makeSchema(database: FleetDatabase): Promise<Result<void>> {
  return await database.transaction().execute(async (step) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('schema', 0))`.execute(step);
    const known = await sql<{ versions: string | null; hosts: string | null }>`
      select to_regclass('schema_version')::text as versions, to_regclass('host')::text as hosts`.execute(
      step,
    );
    if (known.rows[0]?.versions != null) {
      const { rows } = await sql<{ version: number }>`select version from schema_version`.execute(step);
      const why = whyOtherSchema(rows[0]?.version ?? 0);
      return why === undefined ? ok(undefined) : failed(why);
    }
    const why = known.rows[0]?.hosts == null ? undefined : whyOtherSchema(0);
    if (why !== undefined) return failed(why);
    for (const statement of [
      ...schemaStatements("postgres"),
      "create table schema_version (version bigint not null)",
      `insert into schema_version values (${schemaVersion})`,
    ]) {
      await sql.raw(statement).execute(step);
    }
    return ok(undefined);
  });
}

/** Does all of it or none: in the transaction that there is, else in one of its own. */
export async function atOnce<T>(
  database: FleetDatabase,
  run: (step: FleetDatabase) => Promise<T>,
): Promise<T> {
  return database.isTransaction ? await run(database) : await database.transaction().execute(run);
}

/**
 * kysely's dialect for a file. On some errors, such as a full disk, SQLite rolls back by itself. A second rollback then fails, and
 * its error would hide the first.
 *
 * @see https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
 */
function fileDialect(database: Database): Dialect {
  const dialect = new SqliteDialect({ database });
  return {
    createAdapter: () => dialect.createAdapter(),
    createIntrospector: (own) => dialect.createIntrospector(own),
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createDriver() {
      const driver = dialect.createDriver();
      const rollBack = driver.rollbackTransaction.bind(driver);
      driver.rollbackTransaction = async (connection) => {
        if (database.inTransaction) await rollBack(connection);
      };
      return driver;
    },
  };
}
