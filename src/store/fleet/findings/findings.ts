import { type JoinBuilder, type RawBuilder, sql } from "kysely";
import type { FleetDatabase } from "../open.ts";
import type { FleetSchema } from "../schema/schema.ts";
import { contains } from "../search.ts";
import { inSight, type Sight } from "../teams/sight.ts";

/** An accepted finding is not resolved, and not counted as open while its acceptance is in force. */
export const findingStates = ["open", "accepted", "resolved"] as const;
export type FindingState = (typeof findingStates)[number];

/** What findings are asked for, and by whom. */
export interface FindingsQuery extends FindingsFilter {
  /** On these hosts alone. */
  readonly sight: Sight;
}

/** All that is given has to hold. */
export interface FindingsFilter {
  readonly state: FindingState;
  readonly severities: readonly string[];
  readonly control: string | undefined;
  readonly host: string | undefined;
  readonly subject: string | undefined;
  readonly image: string | undefined;
  readonly project: string | undefined;
  readonly area: string | undefined;
  /** Part of a control's id, a subject, a host's name, an image or the message. */
  readonly text: string | undefined;
  readonly verdict: "fail" | "unknown" | undefined;
  /** Milliseconds since 1970. */
  readonly openedSince: number | undefined;
}

/** A filter that leaves nothing out. */
export const everything: FindingsFilter = {
  state: "open",
  severities: [],
  control: undefined,
  host: undefined,
  subject: undefined,
  image: undefined,
  project: undefined,
  area: undefined,
  text: undefined,
  verdict: undefined,
  openedSince: undefined,
};

export const groupings = ["control", "image", "project", "host"] as const;
export type Grouping = (typeof groupings)[number];

/** The name of the container that the subject in this column is about; null for another subject. */
export function containerName(subject: string): RawBuilder<string> {
  const column = sql.ref(subject);
  return sql<string>`(case when ${column} like 'container:%' then substr(${column}, 11)
    when ${column} like 'exec:%' then substr(${column}, 6) end)`;
}

/** The container that a finding is about. */
function ofContainer<J extends JoinBuilder<FleetSchema, "finding" | "container">>(join: J) {
  return join
    .onRef("container.host", "=", "finding.host")
    .on("container.name", "=", containerName("finding.subject"));
}

/** Findings with what is known of their container and host. */
function found(database: FleetDatabase, query: FindingsQuery) {
  let select = database
    .selectFrom("finding")
    .innerJoin("host", "host.id", "finding.host")
    .leftJoin("container", ofContainer)
    .where("finding.resolved", query.state === "resolved" ? "is not" : "is", null)
    .where(inSight("finding.host", query.sight));
  if (query.state === "open") select = select.where("finding.acceptance", "is", null);
  if (query.state === "accepted") select = select.where("finding.acceptance", "is not", null);
  if (query.severities.length > 0) select = select.where("finding.severity", "in", [...query.severities]);
  if (query.control !== undefined) select = select.where("finding.control", "=", query.control);
  if (query.host !== undefined) select = select.where("finding.host", "=", query.host);
  if (query.subject !== undefined) select = select.where("finding.subject", "=", query.subject);
  if (query.image !== undefined) select = select.where("container.image", "=", query.image);
  if (query.project !== undefined) select = select.where("container.project", "=", query.project);
  if (query.area !== undefined) select = select.where("finding.area", "=", query.area);
  if (query.verdict !== undefined) select = select.where("finding.verdict", "=", query.verdict);
  if (query.openedSince !== undefined) select = select.where("finding.opened", ">=", query.openedSince);
  if (query.text !== undefined && query.text !== "") {
    const columns = ["finding.control", "finding.subject", "finding.message", "host.name", "container.image"];
    select = select.where(contains(query.text, columns));
  }
  return select;
}

export interface FoundRow {
  readonly id: number;
  readonly host: string;
  readonly hostName: string;
  readonly subject: string;
  readonly control: string;
  readonly area: string;
  readonly severity: string;
  readonly verdict: string;
  readonly message: string;
  readonly image: string | null;
  readonly project: string | null;
  readonly opened: number;
  readonly changed: number;
  readonly resolved: number | null;
}

export interface Page {
  readonly offset: number;
  readonly limit: number;
}

const columns = [
  "finding.id",
  "finding.host",
  "host.name as hostName",
  "finding.subject",
  "finding.control",
  "finding.area",
  "finding.severity",
  "finding.verdict",
  "finding.message",
  "container.image",
  "container.project",
  "finding.opened",
  "finding.changed",
  "finding.resolved",
] as const;

/** Findings, worst first, then the newest. */
export async function listFindings(
  database: FleetDatabase,
  query: FindingsQuery,
  { offset, limit }: Page,
): Promise<readonly FoundRow[]> {
  return await found(database, query)
    .select(columns)
    .orderBy("finding.weight", "desc")
    .orderBy("finding.opened", "desc")
    .orderBy("finding.id", "desc")
    .offset(offset)
    .limit(limit)
    .execute();
}

/** Findings that are open for longest. */
export async function oldestFindings(
  database: FleetDatabase,
  query: FindingsQuery,
  limit: number,
): Promise<readonly FoundRow[]> {
  return await found(database, query)
    .select(columns)
    .orderBy("finding.opened")
    .orderBy("finding.id")
    .limit(limit)
    .execute();
}

/** Findings behind this id, in the order of their ids: for whoever reads all of them, part by part. */
export async function findingsAfter(
  database: FleetDatabase,
  query: FindingsQuery,
  id: number,
  limit: number,
): Promise<readonly FoundRow[]> {
  return await found(database, query)
    .select(columns)
    .where("finding.id", ">", id)
    .orderBy("finding.id")
    .limit(limit)
    .execute();
}

/** A search counts no further: to count what millions of messages say takes seconds. */
const mostCounted = 1_000;

/** Whether there are at least so many as `countFindings` says, and perhaps more. */
export function isAtLeast(query: FindingsQuery, counted: number): boolean {
  return counted >= mostCounted && isSearch(query);
}

function isSearch({ state, text = "", openedSince }: FindingsQuery): boolean {
  return state === "resolved" || text !== "" || openedSince !== undefined;
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
  const rows = isCounted(query)
    ? await counted(database, query)
        .select((select) => ["open_count.severity", select.fn.sum<number>("findings").as("number")])
        .groupBy("open_count.severity")
        .execute()
    : await database
        .selectFrom(
          found(database, query)
            .select("finding.severity")
            .$if(isSearch(query), (search) => search.orderBy("finding.weight", "desc").limit(mostCounted))
            .as("some"),
        )
        .select((select) => ["some.severity", select.fn.countAll<number>().as("number")])
        .groupBy("some.severity")
        .execute();
  return new Map(rows.map(({ severity, number }) => [severity, Number(number)]));
}

/** Whether counts that are kept answer it. */
function isCounted(query: FindingsQuery): boolean {
  const { subject, image, project } = query;
  return !isSearch(query) && [subject, image, project].every((each) => each === undefined);
}

function counted(database: FleetDatabase, query: FindingsQuery) {
  let select = database
    .selectFrom("open_count")
    .where("open_count.accepted", "=", query.state === "accepted" ? 1 : 0)
    .where(inSight("open_count.host", query.sight));
  if (query.severities.length > 0) select = select.where("open_count.severity", "in", [...query.severities]);
  if (query.control !== undefined) select = select.where("open_count.control", "=", query.control);
  if (query.host !== undefined) select = select.where("open_count.host", "=", query.host);
  if (query.area !== undefined) select = select.where("open_count.area", "=", query.area);
  if (query.verdict !== undefined) select = select.where("open_count.verdict", "=", query.verdict);
  return select;
}

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
    .orderBy("weight", "desc")
    .orderBy("findings", "desc")
    .orderBy("key")
    .offset(offset)
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    key: row.key,
    name: by === "host" ? String(row.name) : row.key,
    findings: Number(row.findings),
    hosts: Number(row.hosts),
    subjects: Number(row.subjects),
    weight: Number(row.weight),
    newest: Number(row.newest),
  }));
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
    .orderBy("weight", "desc")
    .orderBy("findings", "desc")
    .orderBy("key")
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

/** When the newest of each group was opened; of hosts also how many subjects there are. */
async function newestOf(
  database: FleetDatabase,
  query: FindingsQuery,
  by: "control" | "host",
  keys: readonly string[],
): Promise<readonly { readonly key: string; readonly newest: number; readonly subjects?: number }[]> {
  if (by === "host") {
    return await found(database, query)
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
    const newest = found(database, { ...query, control })
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

/** What is open of these subjects, worst first, each as reports print it. */
export async function openDocuments(
  database: FleetDatabase,
  host: string,
  subjects: readonly string[],
  sight: Sight,
) {
  return await database
    .selectFrom("finding")
    .select(["id", "control", "opened", "acceptance", "document"])
    .where("host", "=", host)
    .where("subject", "in", [...subjects])
    .where("resolved", "is", null)
    .where(inSight("finding.host", sight))
    .orderBy("weight", "desc")
    .orderBy("control")
    .execute();
}

/** What an open finding says of what; undefined where none of this id is open. */
export async function openFindingById(database: FleetDatabase, id: number, sight: Sight) {
  return await database
    .selectFrom("finding")
    .select(["host", "subject", "control"])
    .where("id", "=", id)
    .where("resolved", "is", null)
    .where(inSight("finding.host", sight))
    .executeTakeFirst();
}

/** One finding with its changes, oldest first; undefined where there is none of this id. */
export async function findingWithChanges(database: FleetDatabase, id: number, sight: Sight) {
  const finding = await database
    .selectFrom("finding")
    .innerJoin("host", "host.id", "finding.host")
    .leftJoin("container", ofContainer)
    .select([
      "finding.id",
      "finding.host",
      "host.name as hostName",
      "container.image",
      "container.project",
      "finding.document",
      "finding.opened",
      "finding.resolved",
      "finding.acceptance",
    ])
    .where("finding.id", "=", id)
    .where(inSight("finding.host", sight))
    .executeTakeFirst();
  if (!finding) return undefined;
  const changes = await database
    .selectFrom("change")
    .select(["time", "change", "severity", "verdict", "message", "cause"])
    .where("finding", "=", id)
    .orderBy("id")
    .execute();
  return { ...finding, changes };
}
