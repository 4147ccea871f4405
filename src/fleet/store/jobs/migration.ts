import type { Kysely } from "kysely";
import type { Spelling } from "../schema/spelling.ts";

/** What operators start on hosts that allow it, and what came of it. */
export async function jobs({ schema }: Kysely<unknown>, { id, number }: Spelling): Promise<void> {
  await schema
    .alterTable("host")
    .addColumn("allows", "text", (column) => column.notNull().defaultTo("[]"))
    .execute();
  await schema
    .createTable("job")
    // Hosts know jobs by their numbers, so the number of a removed job is never used again.
    .addColumn("id", id, (column) =>
      id === "integer" ? column.primaryKey().autoIncrement() : column.primaryKey(),
    )
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("container", "text", (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("seconds", number)
    .addColumn("author", "text", (column) => column.notNull())
    .addColumn("asked", number, (column) => column.notNull())
    .addColumn("started", number)
    .addColumn("ended", number)
    .addColumn("trouble", "text")
    .addColumn("probes", "text")
    .addColumn("report", "text")
    .execute();
  await schema.createIndex("job_container").on("job").columns(["host", "container", "id"]).execute();
  await schema.createIndex("job_asked").on("job").columns(["asked"]).execute();
}
