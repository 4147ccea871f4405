import type { Kysely } from "kysely";
import type { Spelling } from "../schema/spelling.ts";

/** What the guards of the hosts enforce, and what they decided. */
export async function guards({ schema }: Kysely<unknown>, { id, number }: Spelling): Promise<void> {
  await schema
    .alterTable("reporter")
    .addColumn("last_guards", number, (column) => column.notNull().defaultTo(0))
    .execute();
  await schema
    .createTable("guard")
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("log", "text", (column) => column.notNull())
    .addColumn("document", "text")
    .addColumn("seen", number)
    .addPrimaryKeyConstraint("guard_key", ["host", "log"])
    .execute();
  await schema
    .createTable("decision_count")
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("hour", number, (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("log", "text", (column) => column.notNull())
    .addColumn("client", "text", (column) => column.notNull())
    .addColumn("route", "text")
    .addColumn("verdict", "text", (column) => column.notNull())
    .addColumn("mode", "text", (column) => column.notNull())
    .addColumn("rules", "text", (column) => column.notNull())
    .addColumn("object", "text", (column) => column.notNull())
    .addColumn("times", number, (column) => column.notNull())
    .addPrimaryKeyConstraint("decision_count_key", ["host", "hour", "kind"])
    .execute();
  await schema.createIndex("decision_count_hour").on("decision_count").columns(["hour"]).execute();
  await schema
    .createTable("decision")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("time", number, (column) => column.notNull())
    .addColumn("log", "text", (column) => column.notNull())
    .addColumn("client", "text", (column) => column.notNull())
    .addColumn("route", "text")
    .addColumn("verdict", "text", (column) => column.notNull())
    .addColumn("rules", "text", (column) => column.notNull())
    .addColumn("document", "text", (column) => column.notNull())
    .execute();
  await schema.createIndex("decision_host").on("decision").columns(["host", "time"]).execute();
  await schema.createIndex("decision_time").on("decision").columns(["time"]).execute();
}
