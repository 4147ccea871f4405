import { sql } from "kysely";
import type { FleetDatabase } from "./open.ts";
import { isPostgres } from "./postgres.ts";

/**
 * Runs where no other replica runs under this name at the same time. False where one does. The lock belongs to a connection: it
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
