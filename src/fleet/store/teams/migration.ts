import { type Kysely, sql } from "kysely";
import type { Spelling } from "../schema/spelling.ts";

/** Labels of hosts, the teams that see them, and who belongs to which team. Whoever had an account sees every host as before. */
export async function teams({ schema }: Kysely<unknown>, { id, number }: Spelling): Promise<void> {
  await schema
    .alterTable("host")
    .addColumn("labels", "text", (column) => column.notNull().defaultTo("{}"))
    .execute();
  for (const table of ["account", "api_token"]) {
    await schema
      .alterTable(table)
      .addColumn("sees_all", number, (column) => column.notNull().defaultTo(1))
      .execute();
  }
  await schema.alterTable("invitation").addColumn("teams", "text").execute();
  await schema.alterTable("acceptance").addColumn("team", number).execute();
  await schema
    .createTable("team")
    // The number of a team that was removed is given to no other: a link to join may still name it.
    .addColumn("id", id, (column) =>
      id === "integer" ? column.primaryKey().autoIncrement() : column.primaryKey(),
    )
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("labels", "text", (column) => column.notNull())
    .addColumn("created", number, (column) => column.notNull())
    .execute();
  const members = [
    ["team_host", "host", "text", "host.id"],
    ["account_team", "account", number, "account.id"],
    ["token_team", "token", number, "api_token.id"],
  ] as const;
  for (const [table, member, type, key] of members) {
    await schema
      .createTable(table)
      .addColumn("team", number, (column) => column.notNull().references("team.id").onDelete("cascade"))
      .addColumn(member, type, (column) => column.notNull().references(key).onDelete("cascade"))
      .addPrimaryKeyConstraint(`${table}_key`, ["team", member])
      .execute();
    await schema.createIndex(`${table}_${member}`).on(table).columns([member]).execute();
  }
}

/** Labels that an administrator sets: a host tells others, and keeps these. */
export async function pinnedLabels(database: Kysely<unknown>): Promise<void> {
  const { schema } = database;
  await schema
    .alterTable("host")
    .addColumn("told_labels", "text", (column) => column.notNull().defaultTo("{}"))
    .execute();
  await sql`update host set told_labels = labels where labels <> '{}'`.execute(database);
  await schema.alterTable("host").addColumn("pinned", "text").execute();
  await schema.alterTable("enrolment").addColumn("labels", "text").execute();
}
