import { dayOf } from "../../../model/exemption.ts";
import type { FleetDatabase } from "../open.ts";
import { type Accepted, acceptedOf, type NewAcceptance } from "./acceptance.ts";
import { applyAcceptances, type Touched } from "./acceptances-applied.ts";
import { renewRevision } from "./acceptances-told.ts";

export async function addAcceptance(
  database: FleetDatabase,
  { author, waits, ...rest }: NewAcceptance,
  now: number,
): Promise<number> {
  return await database.transaction().execute(async (step) => {
    const { id } = await step
      .insertInto("acceptance")
      .values({
        ...rest,
        ...{ author: author.name, author_id: author.id, created: now },
        ...{ reviewer: null, waits: Number(waits), ended: null },
      })
      .returning("id")
      .executeTakeFirstOrThrow();
    await applyAcceptances(step, now, touchedBy(rest));
    await renewRevision(step);
    return Number(id);
  });
}

/** Puts one that waits into force. `"own"` where the reviewer is the author; undefined where none of this id waits. */
export async function reviewAcceptance(
  database: FleetDatabase,
  id: number,
  reviewer: { readonly id: number; readonly name: string },
  now: number,
): Promise<Accepted | "own" | undefined> {
  return await database.transaction().execute(async (step) => {
    const row = await step
      .selectFrom("acceptance")
      .selectAll()
      .where("id", "=", id)
      .where("waits", "=", 1)
      .where("ended", "is", null)
      .executeTakeFirst();
    if (!row) return undefined;
    if (row.author_id === reviewer.id || row.author === reviewer.name) return "own";
    await step
      .updateTable("acceptance")
      .set({ waits: 0, reviewer: reviewer.name })
      .where("id", "=", id)
      .execute();
    await applyAcceptances(step, now, touchedBy(row));
    await renewRevision(step);
    return acceptedOf(row);
  });
}

/** Ends one before its day: what it covers is open again. Undefined where none of this id goes on. */
export async function endAcceptance(
  database: FleetDatabase,
  id: number,
  now: number,
): Promise<Accepted | undefined> {
  return await database.transaction().execute(async (step) => {
    const row = await step
      .updateTable("acceptance")
      .set({ ended: now })
      .where("id", "=", id)
      .where("ended", "is", null)
      .where("until", ">=", dayOf(now))
      .returningAll()
      .executeTakeFirst();
    if (!row) return undefined;
    await applyAcceptances(step, now, { acceptance: id });
    await renewRevision(step);
    return acceptedOf(row);
  });
}

function touchedBy({ control, host }: Pick<Accepted, "control" | "host">): Touched {
  return { ...(control === "*" ? {} : { control }), ...(host === null ? {} : { host }) };
}
