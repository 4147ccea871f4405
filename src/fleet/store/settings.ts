import type { FleetDatabase } from "./open.ts";

/** Whether an acceptance waits until a second person reviewed it. */
const reviewed = "acceptances reviewed";

export async function isReviewNeeded(database: FleetDatabase): Promise<boolean> {
  const row = await database
    .selectFrom("setting")
    .select("value")
    .where("name", "=", reviewed)
    .executeTakeFirst();
  return row?.value === "yes";
}

export async function setReviewNeeded(database: FleetDatabase, isNeeded: boolean): Promise<void> {
  const value = isNeeded ? "yes" : "no";
  await database
    .insertInto("setting")
    .values({ name: reviewed, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}
