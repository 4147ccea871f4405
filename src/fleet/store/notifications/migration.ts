import type { Kysely } from "kysely";
import type { Spelling } from "../schema/spelling.ts";

/** Who is told of what, and what waits to be told. */
export async function notifications({ schema }: Kysely<unknown>, { id, number }: Spelling): Promise<void> {
  await schema
    .createTable("notification_rule")
    .addColumn("id", id, (column) =>
      id === "integer" ? column.primaryKey().autoIncrement() : column.primaryKey(),
    )
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("team", number, (column) => column.references("team.id").onDelete("cascade"))
    .addColumn("severity", "text", (column) => column.notNull())
    .addColumn("controls", "text", (column) => column.notNull())
    .addColumn("labels", "text", (column) => column.notNull())
    .addColumn("type", "text", (column) => column.notNull())
    .addColumn("target", "text", (column) => column.notNull())
    .addColumn("secret", "text")
    .addColumn("token", "text")
    .addColumn("author", "text", (column) => column.notNull())
    .addColumn("created", number, (column) => column.notNull())
    .addColumn("due", number, (column) => column.notNull())
    .addColumn("failures", number, (column) => column.notNull())
    .addColumn("trouble", "text")
    .addColumn("told", number)
    .addColumn("sent", number, (column) => column.notNull())
    .addColumn("lost", number, (column) => column.notNull())
    .execute();
  await schema
    .createTable("notification")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("rule", number, (column) =>
      column.notNull().references("notification_rule.id").onDelete("cascade"),
    )
    .addColumn("finding", number, (column) => column.notNull())
    .addColumn("host", "text", (column) => column.notNull())
    .addColumn("record", "text", (column) => column.notNull())
    .execute();
  await schema.createIndex("notification_rule_order").on("notification").columns(["rule", "id"]).execute();
}

/** Rules that rest for a while, and messages for a syslog. */
export async function pauses({ schema }: Kysely<unknown>, { number }: Spelling): Promise<void> {
  await schema
    .alterTable("notification_rule")
    .addColumn("paused", number, (column) => column.notNull().defaultTo(0))
    .execute();
  await schema.alterTable("notification_rule").addColumn("facility", "text").execute();
}

/** When counts were last sent by OTLP, for the replica that comes next. */
export async function telemetry({ schema }: Kysely<unknown>, { number }: Spelling): Promise<void> {
  await schema
    .alterTable("notification_rule")
    .addColumn("measured", number, (column) => column.notNull().defaultTo(0))
    .execute();
}
