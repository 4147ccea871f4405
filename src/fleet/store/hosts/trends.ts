import { type RawBuilder, sql } from "kysely";
import { severities } from "../../../model/severity.ts";
import type { FleetDatabase } from "../open.ts";
import { inSight, type Sight } from "../teams/sight.ts";

const hour = 3_600_000;
const day = 24 * hour;

/** What open failures are counted by. */
export const trendGroups = ["severity", "host", "team", "control", "cis"] as const;
export type TrendGroup = (typeof trendGroups)[number];

/** Lines of a picture: more of them nobody tells apart. */
const mostSeries = 12;

interface Trends {
  /** Milliseconds since 1970, oldest first; the last is now. */
  readonly times: readonly number[];
  /** The largest first; severities from the worst on. Of a value that nobody knows null. */
  readonly series: readonly { readonly key: string; readonly values: readonly (number | null)[] }[];
}

interface TrendQuery {
  readonly by: TrendGroup;
  readonly days: number;
  readonly now: number;
  readonly sight: Sight;
}

/**
 * How many failures were open at the beginning of each day (UTC), or of each hour where the first host came less than two days ago
 * or only a day is asked for, and now. Nobody knows what was open before the first host. By `cis`: how many of a hundred
 * recommendations that were judged are met, in the last portrait of each day.
 */
export async function trends(database: FleetDatabase, query: TrendQuery): Promise<Trends> {
  const { by, days, now, sight } = query;
  if (by === "cis") return await cisTrend(database, query);
  const host = await database
    .selectFrom("host")
    .select((select) => select.fn.min("enrolled").as("enrolled"))
    .where(inSight("host.id", sight))
    .executeTakeFirst();
  const since = Math.max(now - days * day, Number(host?.enrolled ?? now));
  const step = days <= 1 || now - since < 2 * day ? hour : day;
  const open = await openBy(database, by, sight);
  const nets = await netsOf(database, by, sight, since, step);
  const first = Math.ceil(since / step);
  const slots: number[] = [];
  for (let slot = Math.floor(now / step); slot >= first; slot -= 1) slots.push(slot);
  const worst = (key: string) => (severities as readonly string[]).indexOf(key);
  const keys = [...new Set([...open.keys(), ...nets.keys()])].toSorted((one, other) =>
    by === "severity" ? worst(other) - worst(one) : (open.get(other) ?? 0) - (open.get(one) ?? 0),
  );
  const series = keys.slice(0, mostSeries).map((key) => {
    let value = open.get(key) ?? 0;
    const values = [value];
    // Backwards: what was open when an hour began is what was open at its end, less what it brought.
    for (const slot of slots) {
      value -= nets.get(key)?.get(slot) ?? 0;
      if (slot * step < now) values.push(value);
    }
    return { key, values: values.toReversed() };
  });
  const times = [now, ...slots.map((slot) => slot * step).filter((time) => time < now)].toReversed();
  return { times, series };
}

type Key = Exclude<TrendGroup, "cis">;

/** The column of a table with a host's id by which is grouped. */
function keyOf(by: Key, table: string): RawBuilder<string> {
  return by === "team"
    ? sql<string>`cast(team_host.team as text)`
    : sql<string>`${sql.ref(`${table}.${by}`)}`;
}

/** A team's hosts; other teams are no matter of who asks. */
function teamsOf(by: Key, table: string, sight: Sight): RawBuilder<unknown> {
  if (by !== "team") return sql``;
  const seen =
    sight === "all" ? sql`` : sql`and team_host.team in (${sql.join(sight.length > 0 ? sight : [-1])})`;
  return sql`join team_host on team_host.host = ${sql.ref(`${table}.host`)} ${seen}`;
}

async function openBy(database: FleetDatabase, by: Key, sight: Sight): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ key: string; number: number }>`
    select ${keyOf(by, "open_count")} as key, sum(findings) as number
    from open_count ${teamsOf(by, "open_count", sight)}
    where verdict = 'fail' and accepted = 0 and ${inSight("open_count.host", sight)} group by 1`.execute(
    database,
  );
  return new Map(rows.map(({ key, number }) => [key, Number(number)]));
}

/** What each hour or day brought: what opened in it, less what was resolved. */
async function netsOf(
  database: FleetDatabase,
  by: Key,
  sight: Sight,
  since: number,
  step: number,
): Promise<ReadonlyMap<string, ReadonlyMap<number, number>>> {
  const from = Math.floor(since / step) * step;
  const key = keyOf(by, "finding");
  const failing = sql`from finding ${teamsOf(by, "finding", sight)}
    where verdict = 'fail' and acceptance is null and ${inSight("finding.host", sight)}`;
  const slot = (column: "opened" | "resolved") => sql`${sql.ref(`finding.${column}`)} / ${sql.lit(step)}`;
  // Days are kept by host and severity; the others are read by the indexes of what is open and what was resolved since.
  const kept = step === day && by !== "control";
  const rows = kept
    ? sql`select ${keyOf(by, "day_count")} as key, day as slot, sum(net) as net
        from day_count ${teamsOf(by, "day_count", sight)}
        where day >= ${sql.lit(from / day)} and ${inSight("day_count.host", sight)} group by 1, 2`
    : sql`
        select ${key} as key, ${slot("opened")} as slot, count(*) as net ${failing}
          and resolved is null and opened >= ${from} group by 1, 2
        union all select ${key}, ${slot("opened")}, count(*) ${failing}
          and resolved is not null and resolved >= ${from} and opened >= ${from} group by 1, 2
        union all select ${key}, ${slot("resolved")}, -count(*) ${failing}
          and resolved is not null and resolved >= ${from} group by 1, 2`;
  const found = await (rows as RawBuilder<{ key: string; slot: number; net: number }>).execute(database);
  const nets = new Map<string, Map<number, number>>();
  for (const { key, slot, net } of found.rows) {
    const slots = nets.get(key) ?? new Map<number, number>();
    slots.set(Number(slot), (slots.get(Number(slot)) ?? 0) + Number(net));
    nets.set(key, slots);
  }
  return nets;
}

async function cisTrend(database: FleetDatabase, { days, now, sight }: TrendQuery): Promise<Trends> {
  const rows = await database
    .selectFrom("cis_score")
    .select((select) => [
      "day",
      select.fn.sum<number>("passed").as("passed"),
      select.fn.sum<number>("failed").as("failed"),
    ])
    .where("day", ">", Math.floor(now / day) - days)
    .where(inSight("cis_score.host", sight))
    .groupBy("day")
    .orderBy("day")
    .execute();
  const judged = rows.filter(({ passed, failed }) => Number(passed) + Number(failed) > 0);
  if (judged.length === 0) return { times: [], series: [] };
  const score = ({ passed, failed }: (typeof rows)[number]) =>
    Math.round((1_000 * Number(passed)) / (Number(passed) + Number(failed))) / 10;
  return {
    times: judged.map((row) => Math.min(now, (Number(row.day) + 1) * day)),
    series: [{ key: "", values: judged.map(score) }],
  };
}
