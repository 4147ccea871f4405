import type { ExpressionBuilder } from "kysely";
import { dayOf } from "../../../model/exemption.ts";
import type { FleetDatabase } from "../open.ts";
import type { FleetSchema } from "../schema/schema.ts";
import { inSight, type Sight } from "../teams/sight.ts";
import { type Acceptance, acceptedOf } from "./acceptance.ts";

/**
 * All that go on or wait, and the latest of those that are over; each the newest first. Those in sight: of a host or a team in
 * sight, or of an image or a project that a host in sight runs.
 */
export async function listAcceptances(
  database: FleetDatabase,
  now: number,
  sight: Sight,
): Promise<readonly Acceptance[]> {
  const today = dayOf(now);
  const all = database
    .selectFrom("acceptance")
    .selectAll()
    .$if(sight !== "all", (query) => query.where((where) => where.or(touching(where, sight))))
    .orderBy("id", "desc");
  const [current, over, counts] = await Promise.all([
    all.where("ended", "is", null).where("until", ">=", today).execute(),
    all
      .where((where) => where.or([where("ended", "is not", null), where("until", "<", today)]))
      .limit(500)
      .execute(),
    database
      .selectFrom("finding")
      .select((select) => ["acceptance", select.fn.countAll<number>().as("findings")])
      .where("resolved", "is", null)
      .where("acceptance", "is not", null)
      .where(inSight("finding.host", sight))
      .groupBy("acceptance")
      .execute(),
  ]);
  const findings = new Map(counts.map((row) => [Number(row.acceptance), Number(row.findings)]));
  const isOver = new Set(over);
  return [...current, ...over].map((row) => {
    const { id, reason, until, author, created, reviewer } = row;
    const state = isOver.has(row) ? "over" : row.waits === 1 ? "waiting" : "active";
    return {
      ...acceptedOf(row),
      ...{ id, reason, until, author, created, reviewer, state },
      findings: findings.get(id) ?? 0,
    };
  });
}

/** Whether this acceptance is shown to somebody with this sight. */
export async function isShown(database: FleetDatabase, id: number, sight: Sight): Promise<boolean> {
  const row = await database
    .selectFrom("acceptance")
    .select("id")
    .where("id", "=", id)
    .$if(sight !== "all", (query) => query.where((where) => where.or(touching(where, sight))))
    .executeTakeFirst();
  return row !== undefined;
}

/** Whether somebody with this sight sees every host that this acceptance may hold on. */
export async function isWhollySeen(database: FleetDatabase, id: number, sight: Sight): Promise<boolean> {
  if (sight === "all") return true;
  const row = await database
    .selectFrom("acceptance")
    .select("id")
    .where("id", "=", id)
    .where((where) =>
      where.or([
        inSight("acceptance.host", sight),
        ...(sight.length > 0 ? [where("acceptance.team", "in", [...sight])] : []),
      ]),
    )
    .executeTakeFirst();
  return row !== undefined;
}

/** Ways in which an acceptance has to do with a host in sight. */
function touching(where: ExpressionBuilder<FleetSchema, "acceptance">, sight: Sight) {
  const runs = (column: "image" | "project") =>
    where.exists(
      where
        .selectFrom("container")
        .select("container.name")
        .whereRef(`container.${column}`, "=", `acceptance.${column}`)
        .where(inSight("container.host", sight)),
    );
  return [
    inSight("acceptance.host", sight),
    ...(sight !== "all" && sight.length > 0 ? [where("acceptance.team", "in", [...sight])] : []),
    where.and([where("acceptance.team", "is", null), where.or([runs("image"), runs("project")])]),
  ];
}
