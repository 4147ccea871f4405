import { sql } from "kysely";
import type { Decision, GuardNow } from "../../protocol/guards.ts";
import type { FleetDatabase } from "../open.ts";
import { contains, likeText } from "../search.ts";
import { inSight, type Sight } from "../teams/sight.ts";

export interface GuardsQuery {
  readonly host?: string | undefined;
  /** Part of a host's name. */
  readonly text?: string | undefined;
  readonly offset?: number;
  readonly limit: number;
}

export type KeptGuard = Omit<NonNullable<GuardNow["enforces"]>, "seen">;

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

export interface DecisionsQuery {
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
