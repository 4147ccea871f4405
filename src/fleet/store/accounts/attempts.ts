import type { FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";

/** Failures that cost nothing; each one more doubles the wait, from a second up to a quarter of an hour. */
const free = 5;
const longest = 15 * 60_000;

/**
 * Takes a try under this key. Gives 0 where it may go on, else how many milliseconds it has to wait. It counts as a failure
 * until `forgetFailures`, so that tries beside each other are counted before the first of them has failed.
 */
export async function takeAttempt(database: FleetDatabase, key: string, now: number): Promise<number> {
  return await database.transaction().execute(async (step) => {
    await hold(step, `attempt ${key}`);
    const row = await step
      .selectFrom("attempt")
      .select(["failures", "until"])
      .where("key", "=", key)
      .executeTakeFirst();
    if (row && row.until > now) return row.until - now;
    const state = afterFailure(row?.failures ?? 0, now);
    await step
      .insertInto("attempt")
      .values({ key, ...state })
      .onConflict((conflict) => conflict.column("key").doUpdateSet(state))
      .execute();
    return 0;
  });
}

function afterFailure(before: number, now: number): { readonly failures: number; readonly until: number } {
  const failures = before + 1;
  const wait = failures < free ? 0 : Math.min(longest, 1_000 * 2 ** (failures - free));
  return { failures, until: now + wait };
}

const mostGuessed = 10_000;

/**
 * The same for names that nobody has: who tries them waits as long as for a name that somebody has, and no row is written, since
 * anybody could fill the database. The oldest is forgotten where there are too many.
 */
export function openGuesses(): (key: string, now: number) => number {
  const guesses = new Map<string, { readonly failures: number; readonly until: number }>();
  return (key, now) => {
    const before = guesses.get(key);
    if (before && before.until > now) return before.until - now;
    guesses.delete(key);
    const [oldest] = guesses.keys();
    if (oldest !== undefined && guesses.size >= mostGuessed) guesses.delete(oldest);
    guesses.set(key, afterFailure(before?.failures ?? 0, now));
    return 0;
  };
}

/** The try succeeded. */
export async function forgetFailures(database: FleetDatabase, key: string): Promise<void> {
  await database.deleteFrom("attempt").where("key", "=", key).execute();
}

/** Forgets failures of which the last was long ago. */
export async function forgetOldFailures(database: FleetDatabase, now: number): Promise<void> {
  await database
    .deleteFrom("attempt")
    .where("until", "<", now - longest)
    .execute();
}
