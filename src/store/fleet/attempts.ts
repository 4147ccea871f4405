import type { FleetDatabase } from "./open.ts";

/** Failures that cost nothing; each one more doubles the wait, from a second up to a quarter of an hour. */
const free = 5;
const longest = 15 * 60_000;

/** Until when nobody may try under any of these keys, in milliseconds since 1970; 0 where nothing is in the way. */
export async function waitUntil(
  database: FleetDatabase,
  keys: readonly string[],
  now: number,
): Promise<number> {
  const rows = await database
    .selectFrom("attempt")
    .select("until")
    .where("key", "in", [...keys])
    .where("until", ">", now)
    .execute();
  return Math.max(0, ...rows.map(({ until }) => until));
}

export async function countFailure(
  database: FleetDatabase,
  keys: readonly string[],
  now: number,
): Promise<void> {
  await database.transaction().execute(async (step) => {
    for (const key of keys) {
      const row = await step
        .selectFrom("attempt")
        .select("failures")
        .where("key", "=", key)
        .executeTakeFirst();
      const failures = (row?.failures ?? 0) + 1;
      const wait = failures <= free ? 0 : Math.min(longest, 1_000 * 2 ** (failures - free - 1));
      const state = { failures, until: now + wait };
      await step
        .insertInto("attempt")
        .values({ key, ...state })
        .onConflict((conflict) => conflict.column("key").doUpdateSet(state))
        .execute();
    }
  });
}

export async function forgetFailures(database: FleetDatabase, keys: readonly string[]): Promise<void> {
  await database
    .deleteFrom("attempt")
    .where("key", "in", [...keys])
    .execute();
}

/** Forgets failures of which the last was long ago. */
export async function forgetOldFailures(database: FleetDatabase, now: number): Promise<void> {
  await database
    .deleteFrom("attempt")
    .where("until", "<", now - longest)
    .execute();
}
