import type { FleetDatabase } from "./open.ts";

/** Does all of it or none: in the transaction that there is, else in one of its own. */
export async function atOnce<T>(
  database: FleetDatabase,
  run: (step: FleetDatabase) => Promise<T>,
): Promise<T> {
  return database.isTransaction ? await run(database) : await database.transaction().execute(run);
}
