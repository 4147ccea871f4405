import { type Expression, sql } from "kysely";
import type { FleetDatabase } from "../open.ts";
import { inSight } from "../teams/sight.ts";
import { contains, type FindingsQuery, found, foundAmongWorst, matching, worstFirst } from "./query.ts";

/**
 * A text that many findings hold is found among so many of the worst: to read all of millions takes seconds. Each walk goes on
 * where the one before it ended; the first is enough for a text that half of the findings hold.
 */
const firstWalks = [2_500, 2_500];
/** It is only not among the very worst. */
const furtherWalks = [10_000, 20_000, 40_000];
/** What else holds it is looked up by index, up to so many wordings, hosts and subjects. */
const mostWordings = 400;
const mostHosts = 2_000;
const mostSubjects = 5_000;

/** A finding that was searched for; its severity is the one of this weight. */
export interface Found {
  readonly id: number;
  readonly weight: number;
}

/** The worst findings for which everything holds, the text too; this many at most. */
export async function findText(
  database: FleetDatabase,
  query: FindingsQuery,
  most: number,
): Promise<readonly Found[]> {
  const all = new Map<number, Found>();
  let walked = 0;
  const walk = async (some: number) => {
    const part = foundAmongWorst(database, query, { offset: walked, limit: some });
    for (const each of await worstOf(part, most)) all.set(each.id, each);
    walked += some;
    return all.size >= most;
  };
  const first = () => [...all.values()].slice(0, most);
  for (const some of firstWalks) if (await walk(some)) return first();
  if (query.state !== "open") return await worstOf(found(database, query), most);
  const parts = await partsOf(database, query, most);
  if (parts === undefined) {
    // So many places hold it that it is not rare.
    for (const some of furtherWalks) if (await walk(some)) return first();
    return await worstOf(found(database, query), most);
  }
  if (parts.length === 0) return [];
  const { rows } = await sql<Found>`
    select id, weight from (${sql.join(parts, sql` union `)}) as each
    order by weight desc, opened desc, id desc limit ${most}`.execute(database);
  return rows;
}

async function worstOf(select: ReturnType<typeof found>, most: number): Promise<readonly Found[]> {
  return await select.select(["finding.id", "finding.weight"]).orderBy(worstFirst).limit(most).execute();
}

/** The worst of each place that holds the text; undefined if there are too many places. */
async function partsOf(
  database: FleetDatabase,
  query: FindingsQuery,
  most: number,
): Promise<readonly Expression<unknown>[] | undefined> {
  const text = query.text ?? "";
  const hosts = await database
    .selectFrom("host")
    .select("id")
    .where(contains(text, ["host.name"]))
    .where(inSight("host.id", query.sight))
    .limit(mostHosts + 1)
    .execute();
  if (hosts.length > mostHosts) return undefined;
  const subjects = await subjectsWith(database, query, text);
  if (subjects.length > mostSubjects) return undefined;
  const wordings = await wordingsWith(database, text);
  if (wordings.length > mostWordings) return undefined;
  const worst = matching(database, query).selectAll("finding").orderBy(worstFirst).limit(most);
  const parts = wordings.map((wording) => worst.where("finding.wording", "=", wording));
  if (hosts.length > 0) {
    parts.push(
      worst.where(
        "finding.host",
        "in",
        hosts.map(({ id }) => id),
      ),
    );
  }
  if (subjects.length > 0) {
    const keys = subjects.map(({ host, subject }) => sql`(${host}, ${subject})`);
    parts.push(worst.where(sql<boolean>`(finding.host, finding.subject) in (values ${sql.join(keys)})`));
  }
  // SQLite orders and limits a part of a union only as a table.
  return parts.map((part) => sql`select id, weight, opened from (${part}) as part`);
}

/** Wordings with the text in their control or message. Steps through the index from one to the next. */
async function wordingsWith(database: FleetDatabase, text: string): Promise<readonly string[]> {
  const { rows } = await sql<{ wording: string }>`
    with recursive each (wording) as (
      select min(wording) from finding where resolved is null
      union all
      select (select min(finding.wording) from finding where resolved is null and finding.wording > each.wording)
      from each where each.wording is not null
    )
    select each.wording from each
    where each.wording is not null and exists (
      select 1 from (
        select control, message from finding where resolved is null and finding.wording = each.wording limit 1
      ) as finding where ${contains(text, ["finding.control", "finding.message"])}
    ) limit ${mostWordings + 1}`.execute(database);
  return rows.map(({ wording }) => wording);
}

/** Subjects with the text in their name, and containers with it in their image. */
async function subjectsWith(database: FleetDatabase, { sight }: FindingsQuery, text: string) {
  const named = database
    .selectFrom("open_subject")
    .select(["host", "subject"])
    .where(contains(text, ["open_subject.subject"]))
    .where(inSight("open_subject.host", sight))
    .limit(mostSubjects + 1);
  const containers = await database
    .selectFrom("container")
    .select(["host", "name"])
    .where(contains(text, ["container.image"]))
    .where(inSight("container.host", sight))
    .limit(mostSubjects + 1)
    .execute();
  const ofImages = containers.flatMap(({ host, name }) =>
    ["container", "exec"].map((kind) => ({ host, subject: `${kind}:${name}` })),
  );
  return [...(await named.execute()), ...ofImages];
}
