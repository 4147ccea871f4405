import { sql } from "kysely";
import { isEqual } from "../../../base/equal.ts";
import type { FleetDatabase } from "../open.ts";
import { inSight } from "../teams/sight.ts";
import { counted, isCounted } from "./counts.ts";
import { everything, type FindingsQuery, found, matching, ofSubject, type Page } from "./query.ts";

export const groupings = ["control", "image", "project", "host"] as const;
export type Grouping = (typeof groupings)[number];

export interface FoundGroup {
  /** The control's id, the image, the project or the host's id; "" for what has none. */
  readonly key: string;
  /** The host's name; else the key. */
  readonly name: string;
  readonly findings: number;
  readonly hosts: number;
  readonly subjects: number;
  /** Of the worst. */
  readonly weight: number;
  readonly newest: number;
}

/** The worst group first, then the largest. */
const worstGroupsFirst = sql`"weight" desc, "findings" desc, "key"`;

type Counted = "findings" | "hosts" | "subjects" | "weight" | "newest";

/** Findings by what they share, the worst and largest group first. */
export async function groupFindings(
  database: FleetDatabase,
  query: FindingsQuery,
  by: Grouping,
  { offset, limit }: Page,
): Promise<readonly FoundGroup[]> {
  if ((by === "control" || by === "host") && isCounted(query)) {
    return await groupCounted(database, query, by, { offset, limit });
  }
  if ((by === "image" || by === "project") && isEveryOpen(query)) {
    return await groupSubjects(database, query, by, { offset, limit });
  }
  const key = {
    control: sql<string>`finding.control`,
    image: sql<string>`coalesce(container.image, '')`,
    project: sql<string>`coalesce(container.project, '')`,
    host: sql<string>`finding.host`,
  }[by];
  const rows = await found(database, query)
    .select((select) => [
      key.as("key"),
      select.fn.min("host.name").as("name"),
      select.fn.countAll<number>().as("findings"),
      sql<number>`count(distinct finding.host)`.as("hosts"),
      sql<number>`count(distinct finding.host || ' ' || finding.subject)`.as("subjects"),
      select.fn.max("finding.weight").as("weight"),
      select.fn.max("finding.opened").as("newest"),
    ])
    .groupBy(key)
    .orderBy(worstGroupsFirst)
    .offset(offset)
    .limit(limit)
    .execute();
  return rows.map((row) => groupOf(row, by === "host" ? String(row.name) : row.key));
}

function groupOf(
  {
    key,
    findings,
    hosts,
    subjects,
    weight,
    newest,
  }: Readonly<Record<Counted, unknown>> & { readonly key: string },
  name: string,
): FoundGroup {
  return {
    ...{ key, name, findings: Number(findings), hosts: Number(hosts), subjects: Number(subjects) },
    ...{ weight: Number(weight), newest: Number(newest) },
  };
}

/**
 * From the counts that are kept; only the newest is looked up. One finding of a control is open on a subject, so a control has as
 * many subjects as findings.
 */
async function groupCounted(
  database: FleetDatabase,
  query: FindingsQuery,
  by: "control" | "host",
  { offset, limit }: Page,
): Promise<readonly FoundGroup[]> {
  const rows = await counted(database, query)
    .innerJoin("host", "host.id", "open_count.host")
    .select((select) => [
      `open_count.${by} as key`,
      select.fn.min("host.name").as("name"),
      select.fn.sum<number>("findings").as("findings"),
      select.fn.count<number>("open_count.host").distinct().as("hosts"),
      select.fn.max("open_count.weight").as("weight"),
    ])
    .groupBy(`open_count.${by}`)
    .orderBy(worstGroupsFirst)
    .offset(offset)
    .limit(limit)
    .execute();
  if (rows.length === 0) return [];
  const keys = rows.map(({ key }) => key);
  const newest = new Map((await newestOf(database, query, by, keys)).map((row) => [row.key, row]));
  return rows.map(({ key, name, findings, hosts, weight }) => ({
    ...{ key, name: by === "host" ? String(name) : key },
    ...{ findings: Number(findings), hosts: Number(hosts), weight: Number(weight) },
    subjects: Number(by === "control" ? findings : (newest.get(key)?.subjects ?? 0)),
    newest: Number(newest.get(key)?.newest ?? 0),
  }));
}

/** Whether nothing but the sight leaves an open finding out. */
function isEveryOpen({ sight: _, ...filter }: FindingsQuery): boolean {
  return isEqual({ ...everything, ...filter }, everything);
}

/** From what is kept of each subject. */
async function groupSubjects(
  database: FleetDatabase,
  { sight }: FindingsQuery,
  by: "image" | "project",
  { offset, limit }: Page,
): Promise<readonly FoundGroup[]> {
  const key = sql<string>`coalesce(${sql.ref(`container.${by}`)}, '')`;
  const rows = await database
    .selectFrom("open_subject")
    .leftJoin("container", ofSubject)
    .where(inSight("open_subject.host", sight))
    .select((select) => [
      key.as("key"),
      select.fn.sum<number>("open_subject.findings").as("findings"),
      select.fn.count<number>("open_subject.host").distinct().as("hosts"),
      select.fn.countAll<number>().as("subjects"),
      select.fn.max("open_subject.worst").as("weight"),
      select.fn.max("open_subject.newest").as("newest"),
    ])
    .groupBy(key)
    .orderBy(worstGroupsFirst)
    .offset(offset)
    .limit(limit)
    .execute();
  return rows.map((row) => groupOf(row, row.key));
}

/** When the newest of each group was opened; of hosts also how many subjects there are. */
async function newestOf(
  database: FleetDatabase,
  query: FindingsQuery,
  by: "control" | "host",
  keys: readonly string[],
): Promise<readonly { readonly key: string; readonly newest: number; readonly subjects?: number }[]> {
  if (by === "host") {
    return await matching(database, query)
      .select((select) => [
        "finding.host as key",
        select.fn.max("finding.opened").as("newest"),
        select.fn.count<number>("finding.subject").distinct().as("subjects"),
      ])
      .where("finding.host", "in", keys)
      .groupBy("finding.host")
      .execute();
  }
  // One step into an index for each control, where a grouping would read all of its findings.
  const each = keys.map((control) => {
    const newest = matching(database, { ...query, control })
      .select("finding.opened")
      .orderBy("finding.opened", "desc")
      .limit(1);
    return sql<{ key: string; newest: number }>`select ${control} as key, (${newest}) as newest`;
  });
  const { rows } = await sql<{ key: string; newest: number }>`${sql.join(each, sql` union all `)}`.execute(
    database,
  );
  return rows;
}
