import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Decision, DecisionCount, GuardNow, GuardsTold } from "../../protocol/guards.ts";
import { contains, likeText } from "../findings/query.ts";
import { clockError, isNews, storable } from "../findings/state.ts";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import { inSight, type Sight } from "../teams/sight.ts";

/** Milliseconds that decisions are kept: a candidate is tried on those of a week. */
export const decisionsKept = 8 * 86_400_000;
/** Single decisions that are kept of a host; all of them are counted. */
const mostOfHost = 1_000;
/** Rows of one statement: SQLite takes 32,766 values. */
const together = 500;
const hour = 3_600_000;
interface ToldAt {
  /** Larger than that of what the host told before; undefined for the host that serve watches itself. */
  readonly number: number | undefined;
  /** Milliseconds by which the host's clock is ahead. */
  readonly ahead: number;
  readonly now: number;
}

/** Keeps what the guards of a host enforce and decided. What comes twice is kept once. Gives whether anything was kept. */
export async function putGuards(
  database: FleetDatabase,
  host: string,
  { guards, counts, latest }: GuardsTold,
  { number, ahead, now }: ToldAt,
): Promise<boolean> {
  const off = clockError(ahead);
  const at = (time: number) => Math.min(now, Math.max(now - decisionsKept, time - off));
  return await atOnce(database, async (step) => {
    await hold(step, `host ${host}`);
    if (!(await isNext(step, host, number))) return false;
    if (guards) await putNow(step, host, guards, at);
    await addCounts(
      step,
      host,
      counts.map((count) => ({ ...count, hour: Math.floor(at(count.hour) / hour) * hour })),
    );
    await addLatest(
      step,
      host,
      latest.map((decision) => ({ ...decision, time: at(decision.time) })),
    );
    return true;
  });
}

/** Whether the host is known, and did not tell this before. */
async function isNext(step: FleetDatabase, host: string, number: number | undefined): Promise<boolean> {
  if (number === undefined) {
    return (
      (await step.selectFrom("host").select("id").where("id", "=", host).executeTakeFirst()) !== undefined
    );
  }
  return await isNews(step, host, "last_guards", number);
}

async function putNow(
  step: FleetDatabase,
  host: string,
  guards: readonly GuardNow[],
  at: (time: number) => number,
): Promise<void> {
  await step.deleteFrom("guard").where("host", "=", host).execute();
  const byLog = new Map(guards.map((guard) => [storable(guard.log), guard]));
  if (byLog.size === 0) return;
  await step
    .insertInto("guard")
    .values(
      [...byLog].map(([log, { enforces }]) => ({
        host,
        log,
        document: enforces && JSON.stringify({ ...enforces, since: at(enforces.since), seen: undefined }),
        seen: enforces && at(enforces.seen),
      })),
    )
    .execute();
}

async function addCounts(step: FleetDatabase, host: string, counts: readonly DecisionCount[]): Promise<void> {
  // Told twice, in one statement neither database takes them.
  const rows = new Map<string, ReturnType<typeof countRow>>();
  for (const count of counts) {
    const row = countRow(host, count);
    const key = `${row.hour} ${row.kind}`;
    rows.set(key, { ...row, times: row.times + (rows.get(key)?.times ?? 0) });
  }
  const all = [...rows.values()];
  for (let from = 0; from < all.length; from += together) {
    await step
      .insertInto("decision_count")
      .values(all.slice(from, from + together))
      .onConflict((conflict) =>
        conflict.columns(["host", "hour", "kind"]).doUpdateSet({
          times: sql<number>`decision_count.times + excluded.times`,
        }),
      )
      .execute();
  }
}

function countRow(
  host: string,
  { hour: from, log, client, route, verdict, mode, rules, object, times }: DecisionCount,
) {
  const said = {
    log: storable(log),
    client: storable(client),
    route: route && storable(route),
    ...{ verdict, mode },
    rules: storable(rules.join(" ")),
    object: JSON.stringify(object),
  };
  const kind = createHash("sha256").update(JSON.stringify(said)).digest("base64url");
  return { host, hour: from, kind, ...said, times };
}

async function addLatest(step: FleetDatabase, host: string, latest: readonly Decision[]): Promise<void> {
  if (latest.length === 0) return;
  await step
    .insertInto("decision")
    .values(
      latest.map((decision) => ({
        host,
        time: decision.time,
        log: storable(decision.log),
        client: storable(decision.client),
        route: decision.route && storable(decision.route),
        verdict: decision.verdict,
        rules: storable(` ${decision.rules.join(" ")} `),
        document: JSON.stringify(decision),
      })),
    )
    .execute();
  const oldest = await step
    .selectFrom("decision")
    .select("time")
    .where("host", "=", host)
    .orderBy("time", "desc")
    .limit(1)
    .offset(mostOfHost)
    .executeTakeFirst();
  if (oldest) {
    await step.deleteFrom("decision").where("host", "=", host).where("time", "<=", oldest.time).execute();
  }
}

/** Forgets decisions of before. */
export async function forgetDecisions(database: FleetDatabase, before: number): Promise<void> {
  await database.deleteFrom("decision_count").where("hour", "<", before).execute();
  await database.deleteFrom("decision").where("time", "<", before).execute();
}

interface GuardsQuery {
  readonly host?: string | undefined;
  /** Part of a host's name. */
  readonly text?: string | undefined;
  readonly offset?: number;
  readonly limit: number;
}

type KeptGuard = Omit<NonNullable<GuardNow["enforces"]>, "seen">;

/** Guards by the name of their host, and how many there are in all. */
export async function listGuards(database: FleetDatabase, sight: Sight, query: GuardsQuery) {
  const { host, text = "", offset = 0, limit } = query;
  const found = database
    .selectFrom("guard")
    .innerJoin("host", "host.id", "guard.host")
    .where(inSight("guard.host", sight))
    .$if(host !== undefined, (select) => select.where("guard.host", "=", host ?? ""))
    .$if(text !== "", (select) => select.where(contains(text, ["host.name"])));
  const [rows, all] = await Promise.all([
    found
      .select(["guard.host", "host.name as hostName", "guard.log", "guard.document", "guard.seen"])
      .orderBy("host.name")
      .orderBy("guard.host")
      .orderBy("guard.log")
      .limit(limit)
      .offset(offset)
      .execute(),
    found.select((select) => select.fn.countAll<number>().as("count")).executeTakeFirst(),
  ]);
  return {
    total: Number(all?.count ?? 0),
    guards: rows.map(({ document, ...row }) => ({
      ...row,
      enforces: document === null ? null : (JSON.parse(document) as KeptGuard),
    })),
  };
}

/** How often the guards of these hosts decided what, since an hour, by host, log and client. */
export async function countDecisions(database: FleetDatabase, hosts: readonly string[], since: number) {
  if (hosts.length === 0) return [];
  return await database
    .selectFrom("decision_count")
    .select((select) => [
      ...(["host", "log", "client", "verdict", "mode"] as const),
      // In mode warn and learn what would be denied or changed is let through, and has rules.
      sql<number>`case when rules = '' then 0 else 1 end`.as("hasRules"),
      select.fn.sum<number>("times").as("times"),
    ])
    .where("host", "in", hosts)
    .where("hour", ">=", since)
    .groupBy(["host", "log", "client", "verdict", "mode", "hasRules"])
    .execute();
}

interface DecisionsQuery {
  readonly sight: Sight;
  readonly host?: string | undefined;
  readonly log?: string | undefined;
  readonly client?: string | undefined;
  readonly route?: string | undefined;
  readonly verdict?: string | undefined;
  readonly rule?: string | undefined;
  readonly limit: number;
}

/** Single decisions that were no plain pass, newest first. */
export async function listDecisions(database: FleetDatabase, query: DecisionsQuery) {
  const { host, log, client, route, verdict, rule, sight, limit } = query;
  let select = database
    .selectFrom("decision")
    .innerJoin("host", "host.id", "decision.host")
    .select(["decision.id", "decision.host", "host.name as hostName", "decision.document"])
    .where(inSight("decision.host", sight));
  if (host !== undefined) select = select.where("decision.host", "=", host);
  if (log !== undefined) select = select.where("decision.log", "=", log);
  if (client !== undefined) select = select.where("decision.client", "=", client);
  if (route !== undefined) select = select.where("decision.route", "=", route);
  if (verdict !== undefined) select = select.where("decision.verdict", "=", verdict);
  if (rule !== undefined) {
    select = select.where(sql<boolean>`decision.rules like ${`% ${likeText(rule)} %`} escape '\\'`);
  }
  const rows = await select
    .orderBy("decision.time", "desc")
    .orderBy("decision.id", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ document, ...row }) => ({ ...row, ...(JSON.parse(document) as Decision) }));
}

/** Decisions of a guard that were alike, since an hour, most frequent first. */
export async function pastDecisions(
  database: FleetDatabase,
  {
    host,
    log,
    client,
    since,
  }: {
    readonly host: string;
    readonly log: string;
    readonly client?: string | undefined;
    readonly since: number;
  },
  limit: number,
) {
  const rows = await database
    .selectFrom("decision_count")
    .select((select) => [
      ...(["client", "route", "verdict", "mode", "rules", "object"] as const),
      select.fn.sum<number>("times").as("times"),
      select.fn.min<number>("hour").as("first"),
    ])
    .where("host", "=", host)
    .where("log", "=", log)
    .where("hour", ">=", since)
    .$if(client !== undefined, (select) => select.where("client", "=", client ?? ""))
    .groupBy(["client", "route", "verdict", "mode", "rules", "object"])
    .orderBy("times", "desc")
    .limit(limit)
    .execute();
  return rows.map(({ rules, object, times, first, ...row }) => ({
    ...row,
    rules: rules === "" ? [] : rules.split(" "),
    object: JSON.parse(object) as Readonly<Record<string, string>>,
    times: Number(times),
    first: Number(first),
  }));
}
