import { type ExpressionBuilder, type SqlBool, sql } from "kysely";
import type { Finding } from "../../../audit/finding.ts";
import { dayOf } from "../../../model/exemption.ts";
import { queueNotices } from "../notifications/outbox.ts";
import type { FleetDatabase } from "../open.ts";
import type { FleetSchema } from "../schema/schema.ts";

/** Which open findings may have become covered, or may no longer be. */
export interface Touched {
  readonly host?: string;
  readonly control?: string;
  /** The acceptance that they had. */
  readonly acceptance?: number;
}

/**
 * Brings open findings in line with the acceptances in force, and notes in the findings' histories which were accepted and which
 * came back. Gives how many changed. To be called inside the transaction that brought something new.
 */
export async function applyAcceptances(
  database: FleetDatabase,
  now: number,
  touched: Touched,
): Promise<number> {
  const today = dayOf(now);
  if (!(await mayMatter(database))) return 0;
  let stale = database
    .selectFrom("finding")
    .select((select) => ["finding.id", "finding.acceptance", covering(select, today).as("next")])
    .where("resolved", "is", null)
    .where((where) => sql<SqlBool>`finding.acceptance is distinct from ${covering(where, today)}`);
  if (touched.host !== undefined) stale = stale.where("finding.host", "=", touched.host);
  if (touched.control !== undefined) stale = stale.where("finding.control", "=", touched.control);
  if (touched.acceptance !== undefined) stale = stale.where("finding.acceptance", "=", touched.acceptance);
  // A container that is gone takes its findings with it in a moment: they do not come back before.
  else stale = stale.where((where) => where.or([where("finding.acceptance", "is", null), isThere(where)]));
  const rows = await stale.execute();
  for (const { id, acceptance, next } of rows) {
    const covered = next === null ? null : Number(next);
    await database
      .updateTable("finding")
      .set({ acceptance: covered, accepted: covered === null ? null : now })
      .where("id", "=", id)
      .execute();
    await note(database, id, covered ?? acceptance, covered !== null, now);
  }
  return rows.length;
}

/** Opens the findings again whose acceptance is over by its day. Gives how many there were. */
export async function reopenFindings(database: FleetDatabase, now: number): Promise<number> {
  return await database.transaction().execute(async (step) => {
    const over = await step
      .selectFrom("finding")
      .innerJoin("acceptance", "acceptance.id", "finding.acceptance")
      .select("acceptance.id")
      .distinct()
      .where("finding.resolved", "is", null)
      .where("acceptance.until", "<", dayOf(now))
      .execute();
    let reopened = 0;
    for (const { id } of over) reopened += await applyAcceptances(step, now, { acceptance: id });
    return reopened;
  });
}

/** Where nothing was ever accepted there is nothing to look at. */
export async function mayMatter(database: FleetDatabase): Promise<boolean> {
  const any = await database.selectFrom("acceptance").select("id").limit(1).executeTakeFirst();
  return any !== undefined;
}

function isThere(where: ExpressionBuilder<FleetSchema, "finding">) {
  const containers = where
    .selectFrom("container")
    .select("container.name")
    .whereRef("container.host", "=", "finding.host")
    .where("finding.subject", "=", sql<string>`'container:' || container.name`);
  return where.or([where("finding.subject", "not like", "container:%"), where.exists(containers)]);
}

/** The oldest acceptance in force that covers the finding of the query around it. */
function covering(build: ExpressionBuilder<FleetSchema, "finding">, today: string) {
  const container = (column: "image" | "project") =>
    build
      .selectFrom("container")
      .select("container.name")
      .whereRef("container.host", "=", "finding.host")
      .where("finding.subject", "=", sql<string>`'container:' || container.name`)
      .whereRef(`container.${column}`, "=", sql.ref(`acceptance.${column}`));
  return build
    .selectFrom("acceptance")
    .select((select) => select.fn.min("acceptance.id").as("id"))
    .where("acceptance.ended", "is", null)
    .where("acceptance.waits", "=", 0)
    .where("acceptance.until", ">=", today)
    .where((where) =>
      where.or([
        where("acceptance.control", "=", "*"),
        where("acceptance.control", "=", where.ref("finding.control")),
      ]),
    )
    .where((where) =>
      where.or([
        where("acceptance.team", "is", null),
        where.exists(
          where
            .selectFrom("team_host")
            .select("team_host.host")
            .whereRef("team_host.team", "=", "acceptance.team")
            .where("team_host.host", "=", where.ref("finding.host")),
        ),
      ]),
    )
    .where((where) =>
      where.or([
        where.and([
          where("acceptance.scope", "=", "finding"),
          where("acceptance.host", "=", where.ref("finding.host")),
          where("acceptance.subject", "=", where.ref("finding.subject")),
        ]),
        where.and([where("acceptance.scope", "=", "image"), where.exists(container("image"))]),
        where.and([where("acceptance.scope", "=", "project"), where.exists(container("project"))]),
      ]),
    );
}

/** Why a finding was accepted, or that the acceptance is over, in the finding's own history. */
async function note(
  database: FleetDatabase,
  finding: number,
  acceptance: number | null,
  isAccepted: boolean,
  time: number,
): Promise<void> {
  const row = await database
    .selectFrom("finding")
    .select(["severity", "verdict", "message", "host", "document"])
    .where("id", "=", finding)
    .executeTakeFirstOrThrow();
  const by =
    acceptance === null
      ? undefined
      : await database
          .selectFrom("acceptance")
          .select(["author", "reason", "until"])
          .where("id", "=", acceptance)
          .executeTakeFirst();
  const cause = { kind: "acceptance", id: acceptance, ...by };
  await database
    .insertInto("change")
    .values({
      ...{ severity: row.severity, verdict: row.verdict, message: row.message },
      finding,
      time,
      change: isAccepted ? "accepted" : "reopened",
      cause: JSON.stringify(cause),
    })
    .execute();
  if (isAccepted) return;
  const back = { id: finding, time, change: "opened", finding: JSON.parse(row.document) as Finding } as const;
  await queueNotices(database, row.host, [{ ...back, cause: { kind: "acceptance", accepted: null } }]);
}

export const scopes = ["finding", "image", "project"] as const;
type Scope = (typeof scopes)[number];

export const acceptanceStates = ["waiting", "active", "over"] as const;
type AcceptanceState = (typeof acceptanceStates)[number];

/** What is accepted: one finding, a control on an image, or a control (`*`: every one) in a Compose project. */
export interface Accepted {
  readonly scope: Scope;
  readonly control: string;
  readonly host: string | null;
  readonly subject: string | null;
  readonly image: string | null;
  readonly project: string | null;
  /** Of an image or a project: on the hosts of this team alone. */
  readonly team: number | null;
}

export interface NewAcceptance extends Accepted {
  readonly reason: string;
  /** The last day, YYYY-MM-DD. */
  readonly until: string;
  readonly author: { readonly id: number; readonly name: string };
  /** Whether it waits for a second person. */
  readonly waits: boolean;
}

export interface Acceptance extends Accepted {
  readonly id: number;
  readonly reason: string;
  readonly until: string;
  readonly author: string;
  readonly created: number;
  readonly reviewer: string | null;
  readonly state: AcceptanceState;
  /** Open findings that it covers. */
  readonly findings: number;
}

/** What a row of the table accepts. */
export function acceptedOf({
  scope,
  control,
  host,
  subject,
  image,
  project,
  team,
}: Omit<Accepted, "scope"> & { readonly scope: string }): Accepted {
  const known = scopes.find((each) => each === scope) ?? "finding";
  return { scope: known, control, host, subject, image, project, team };
}
