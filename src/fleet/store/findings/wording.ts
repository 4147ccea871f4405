import { createHash } from "node:crypto";
import { type Kysely, sql } from "kysely";
import { isPostgres } from "../postgres.ts";

/** What findings of one control that say the same have in common: a few words a host, where findings are hundreds. */
export function wordingOf(control: string, message: string): string {
  return createHash("sha256").update(`${control} ${message}`).digest("base64url").slice(0, 16);
}

/** The migration: findings that are open get their wording, and an index by it that gives the worst of each first. */
export async function wordings(database: Kysely<unknown>): Promise<void> {
  await database.schema
    .alterTable("finding")
    .addColumn("wording", "text", (column) => column.notNull().defaultTo(""))
    .execute();
  const { rows } = await sql<{ control: string; message: string }>`
    select distinct control, message from finding where resolved is null`.execute(database);
  // No count depends on it, and they would be made anew for every row.
  const triggers = (what: string) => sql.raw(`alter table finding ${what} trigger user`).execute(database);
  if (isPostgres(database)) await triggers("disable");
  for (let from = 0; from < rows.length; from += together) {
    const some = rows
      .slice(from, from + together)
      .map(({ control, message }) => sql`(${control}, ${message}, ${wordingOf(control, message)})`);
    await sql`update finding set wording = each.column3 from (values ${sql.join(some)}) as each
      where control = each.column1 and message = each.column2 and resolved is null`.execute(database);
  }
  if (isPostgres(database)) await triggers("enable");
  await sql`create index finding_wording on finding (wording, weight desc, opened desc, id desc)
    where resolved is null`.execute(database);
}

/** Wordings of one statement. */
const together = 1_000;
