import { type AliasableExpression, sql } from "kysely";
import { severities } from "../../../model/severity.ts";
import type { FleetDatabase } from "../open.ts";
import { inSight, type Sight } from "../teams/sight.ts";
import { everything, type FindingsQuery, hasText, matching, onHosts, worstFirst } from "./query.ts";
import { type Found, findText } from "./text.ts";

/** A search counts no further: to count what millions of messages say takes seconds. */
export const mostCounted = 1_000;

/** Whether there are at least so many as `countFindings` says, and perhaps more. */
export function isAtLeast(query: FindingsQuery, counted: number): boolean {
  return counted >= mostCounted && isSearch(query);
}

function isSearch({ state, text = "", since, before, assignee }: FindingsQuery): boolean {
  const others = [since, before, assignee];
  return (
    state === "resolved" || state === "worse" || text !== "" || others.some((each) => each !== undefined)
  );
}

/** How many there are; of a search `mostCounted` at most. */
export async function countFindings(database: FleetDatabase, query: FindingsQuery): Promise<number> {
  return sum((await countBySeverity(database, query)).values());
}

function sum(numbers: Iterable<number>): number {
  let all = 0;
  for (const number of numbers) all += number;
  return all;
}

/** How many there are of each severity; a severity that none has is left out. Of a search `mostCounted` in all, the worst. */
export async function countBySeverity(
  database: FleetDatabase,
  query: FindingsQuery,
): Promise<ReadonlyMap<string, number>> {
  if (isCounted(query)) {
    const rows = await counted(database, query)
      .select((select) => ["open_count.severity", select.fn.sum<number>("findings").as("number")])
      .groupBy("open_count.severity")
      .execute();
    return new Map(rows.map(({ severity, number }) => [severity, Number(number)]));
  }
  if (!hasText(query)) {
    const some = matching(database, query).selectAll("finding");
    return await severitiesOf(database, isSearch(query) ? some.orderBy(worstFirst).limit(mostCounted) : some);
  }
  return countFound(await findText(database, query, mostCounted));
}

/** How many of these findings there are of each severity. */
export function countFound(found: readonly Found[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { weight } of found) {
    const severity = severities[weight] ?? "";
    counts.set(severity, (counts.get(severity) ?? 0) + 1);
  }
  return counts;
}

/** How many failures of each severity are open, and how many findings that could not be decided. */
export async function countByVerdict(database: FleetDatabase, sight: Sight) {
  const rows = await counted(database, { ...everything, sight })
    .select((select) => [
      "open_count.verdict",
      "open_count.severity",
      select.fn.sum<number>("findings").as("number"),
    ])
    .groupBy(["open_count.verdict", "open_count.severity"])
    .execute();
  const fails = rows.filter(({ verdict }) => verdict === "fail");
  const unknown = rows.filter(({ verdict }) => verdict === "unknown");
  return {
    fails: new Map(fails.map(({ severity, number }) => [severity, Number(number)])),
    unknown: sum(unknown.map(({ number }) => Number(number))),
  };
}

/** Open failures by what they are counted by and by severity. */
export async function openBySeverity(
  database: FleetDatabase,
  by: "control" | "team",
  sight: Sight,
): Promise<readonly { readonly key: string; readonly severity: string; readonly number: number }[]> {
  const isTeam = by === "team";
  const join = isTeam ? sql`join team_host on team_host.host = open_count.host` : sql``;
  const key = isTeam ? sql`cast(team_host.team as text)` : sql`open_count.control`;
  const { rows } = await sql<{ key: string; severity: string; number: number }>`
    select ${key} as key, severity, sum(findings) as number from open_count ${join}
    where verdict = 'fail' and accepted = 0 and ${inSight("open_count.host", sight)}
    group by 1, 2 order by 1, 2`.execute(database);
  return rows.map((row) => ({ ...row, number: Number(row.number) }));
}

async function severitiesOf(database: FleetDatabase, some: AliasableExpression<{ severity: string }>) {
  const rows = await database
    .selectFrom(some.as("some"))
    .select((select) => ["some.severity", select.fn.countAll<number>().as("number")])
    .groupBy("some.severity")
    .execute();
  return new Map(rows.map(({ severity, number }) => [severity, Number(number)]));
}

/** Whether counts that are kept answer it. */
export function isCounted(query: FindingsQuery): boolean {
  const { subject, image, project } = query;
  return !isSearch(query) && [subject, image, project].every((each) => each === undefined);
}

export function counted(database: FleetDatabase, query: FindingsQuery) {
  let select = database
    .selectFrom("open_count")
    .where("open_count.accepted", "=", query.state === "accepted" ? 1 : 0)
    .where(inSight("open_count.host", query.sight));
  select = select.where(onHosts("open_count.host", query));
  if (query.severities.length > 0) select = select.where("open_count.severity", "in", [...query.severities]);
  if (query.control !== undefined) select = select.where("open_count.control", "=", query.control);
  if (query.host !== undefined) select = select.where("open_count.host", "=", query.host);
  if (query.area !== undefined) select = select.where("open_count.area", "=", query.area);
  if (query.verdict !== undefined) select = select.where("open_count.verdict", "=", query.verdict);
  return select;
}
