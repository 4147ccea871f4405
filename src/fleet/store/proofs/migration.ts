import type { Kysely } from "kysely";
import type { Spelling } from "../schema/spelling.ts";

/** What the proofs showed that hosts make by themselves: the latest of each container. */
export async function proofs({ schema }: Kysely<unknown>, { number }: Spelling): Promise<void> {
  await schema
    .alterTable("reporter")
    .addColumn("last_proofs", number, (column) => column.notNull().defaultTo(0))
    .execute();
  await schema
    .createTable("proof")
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("container", "text", (column) => column.notNull())
    .addColumn("tried", number, (column) => column.notNull())
    .addColumn("trouble", "text")
    .addColumn("proven", number)
    .addColumn("probes", "text")
    .addPrimaryKeyConstraint("proof_key", ["host", "container"])
    .execute();
  await schema.createIndex("proof_tried").on("proof").columns(["tried"]).execute();
}
