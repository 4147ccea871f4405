import type { FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";

/** Of one account. */
export const mostViews = 50;

/** The saved views of an account, by name. */
export async function listViews(database: FleetDatabase, account: number) {
  return await database
    .selectFrom("saved_view")
    .select(["name", "filters"])
    .where("account", "=", account)
    .orderBy("name")
    .execute();
}

/** Keeps filters under a name, in place of what it named before. False if the account has too many. */
export async function saveView(
  database: FleetDatabase,
  account: number,
  view: { readonly name: string; readonly filters: string },
): Promise<boolean> {
  return await database.transaction().execute(async (step) => {
    await hold(step, `views ${account}`);
    const others = (await listViews(step, account)).filter(({ name }) => name !== view.name);
    if (others.length >= mostViews) return false;
    await step
      .insertInto("saved_view")
      .values({ account, ...view })
      .onConflict((conflict) => conflict.columns(["account", "name"]).doUpdateSet({ filters: view.filters }))
      .execute();
    return true;
  });
}

/** False if there is none of this name. */
export async function removeView(database: FleetDatabase, account: number, name: string): Promise<boolean> {
  const { numDeletedRows } = await database
    .deleteFrom("saved_view")
    .where("account", "=", account)
    .where("name", "=", name)
    .executeTakeFirst();
  return numDeletedRows > 0n;
}
