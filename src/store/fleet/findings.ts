import { type JoinBuilder, sql } from "kysely";
import type { FleetDatabase } from "./open.ts";
import type { FleetSchema } from "./schema.ts";
import { inSight, type Sight } from "./teams/sight.ts";

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

/** The container that a finding is about. */
export function ofContainer<J extends JoinBuilder<FleetSchema, "finding" | "container">>(join: J) {
  return join
    .onRef("container.host", "=", "finding.host")
    .on((on) =>
      on.or([
        on("finding.subject", "=", sql<string>`'container:' || container.name`),
        on("finding.subject", "=", sql<string>`'exec:' || container.name`),
      ]),
    );
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
    const like = `%${query.text.toLowerCase().replace(/[\\%_]/g, "\\$&")}%`;
    const holds = (column: string) => sql<boolean>`lower(${sql.ref(column)}) like ${like} escape '\\'`;
    select = select.where((where) =>
      where.or([
        holds("finding.control"),
        holds("finding.subject"),
        holds("finding.message"),
        holds("host.name"),
        holds("container.image"),
      ]),
    );
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

export async function countFindings(database: FleetDatabase, query: FindingsQuery): Promise<number> {
  const { number } = await found(database, query)
    .select((select) => select.fn.countAll<number>().as("number"))
    .executeTakeFirstOrThrow();
  return Number(number);
}

/** How many there are of each severity; a severity that none has is left out. */
export async function countBySeverity(
  database: FleetDatabase,
  query: FindingsQuery,
): Promise<ReadonlyMap<string, number>> {
  const rows = await found(database, query)
    .select((select) => ["finding.severity", select.fn.countAll<number>().as("number")])
    .groupBy("finding.severity")
    .execute();
  return new Map(rows.map(({ severity, number }) => [severity, Number(number)]));
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
