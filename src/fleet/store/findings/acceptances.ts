import { createHash, randomUUID } from "node:crypto";
import type { ExpressionBuilder } from "kysely";
import { dayOf } from "../../../model/exemption.ts";
import type { FleetDatabase } from "../open.ts";
import type { FleetSchema } from "../schema/schema.ts";
import { inSight, type Sight } from "../teams/sight.ts";
import {
  type Acceptance,
  type Accepted,
  acceptedOf,
  applyAcceptances,
  type NewAcceptance,
  type Touched,
} from "./acceptances-applied.ts";

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

/** Puts one that waits into force. `"own"` where the reviewer is the author; undefined if none of this id waits. */
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

/** Ends one before its day: what it covers is open again. Undefined if none of this id goes on. */
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

/** What hosts are told of an acceptance. */
export interface ToldAcceptance {
  readonly control: string;
  readonly subject: string | null;
  readonly image: string | null;
  readonly project: string | null;
  readonly reason: string;
  readonly until: string;
}

const setting = "acceptances revision";

/** Names the acceptances as they are: another name, another list. Random, so that a database set back says no name twice. */
async function renewRevision(step: FleetDatabase): Promise<void> {
  const value = randomUUID();
  await step
    .insertInto("setting")
    .values({ name: setting, value })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value }))
    .execute();
}

/** The name of the list for one host, which also depends on the teams that it belongs to. */
export async function revisionOf(database: FleetDatabase, host: string): Promise<string> {
  const [row, teams] = await Promise.all([
    database.selectFrom("setting").select("value").where("name", "=", setting).executeTakeFirst(),
    database.selectFrom("team_host").select("team").where("host", "=", host).orderBy("team").execute(),
  ]);
  const text = JSON.stringify([row?.value ?? "", teams.map(({ team }) => Number(team))]);
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}

/**
 * What is accepted today and may concern a host: findings of its own, images and projects. Those of other hosts' images are
 * among them, since a container of any image may start there at any moment; those of teams that the host is not in are not. The
 * oldest `most`.
 */
export async function acceptancesToldTo(
  database: FleetDatabase,
  host: string,
  today: string,
  most: number,
): Promise<readonly ToldAcceptance[]> {
  return await database
    .selectFrom("acceptance")
    .select(["control", "subject", "image", "project", "reason", "until"])
    .where("ended", "is", null)
    .where("waits", "=", 0)
    .where("until", ">=", today)
    .where((where) => where.or([where("scope", "<>", "finding"), where("host", "=", host)]))
    .where((where) =>
      where.or([
        where("team", "is", null),
        where.exists(
          where
            .selectFrom("team_host")
            .select("team_host.host")
            .whereRef("team_host.team", "=", "acceptance.team")
            .where("team_host.host", "=", host),
        ),
      ]),
    )
    .orderBy("id")
    .limit(most)
    .execute();
}
