import { sql } from "kysely";
import { severities } from "../../../model/severity.ts";
import { contains } from "../findings/query.ts";
import type { FleetDatabase } from "../open.ts";
import { inSight, parseLabels, type Sight } from "../teams/sight.ts";

type BySeverity = Readonly<Record<string, number>>;

/** The worst severity and the number of failures for each focus area of these hosts. */
export async function matrix(database: FleetDatabase, hosts: readonly string[], sight: Sight) {
  if (hosts.length === 0) return [];
  const rows = await database
    .selectFrom("open_count")
    .select((select) => [
      "host",
      "area",
      select.fn.max("weight").as("weight"),
      select.fn.sum<number>("findings").as("findings"),
    ])
    .where("accepted", "=", 0)
    .where("verdict", "=", "fail")
    .where("host", "in", hosts)
    .where(inSight("open_count.host", sight))
    .groupBy(["host", "area"])
    .execute();
  return rows.map((row) => ({ ...row, weight: Number(row.weight), findings: Number(row.findings) }));
}

/** The containers with most at stake. */
export async function riskiest(database: FleetDatabase, limit: number, sight: Sight) {
  const rows = await database
    .selectFrom("open_subject")
    .innerJoin("host", "host.id", "open_subject.host")
    .select(["open_subject.host", "host.name as hostName", "open_subject.subject", "open_subject.risk"])
    .select(severityColumns)
    .where("open_subject.risk", ">", 0)
    .where(inSight("open_subject.host", sight))
    .where("open_subject.subject", "like", "container:%")
    .orderBy("open_subject.risk", "desc")
    .orderBy("open_subject.subject")
    .limit(limit)
    .execute();
  return await Promise.all(
    rows.map(async ({ host, hostName, subject, risk, ...counts }) => {
      const bySeverity = severityCounts(counts);
      const weight = severities.findLastIndex((severity) => bySeverity[severity] !== undefined);
      const findings = Object.values(bySeverity).reduce((sum, number) => sum + number, 0);
      const why = await worst(database, { host, subject });
      return { host, hostName, subject, risk, findings, weight, why };
    }),
  );
}

const severityColumns = severities.map((severity) => `open_subject.${severity}` as const);

/** Without those of which there is none. */
export function severityCounts(counts: Readonly<Record<(typeof severities)[number], number>>): BySeverity {
  return Object.fromEntries(
    severities.flatMap((severity) => {
      const number = Number(counts[severity]);
      return number > 0 ? [[severity, number]] : [];
    }),
  );
}

/** The controls of its worst findings. */
async function worst(
  database: FleetDatabase,
  { host, subject }: { readonly host: string; readonly subject: string },
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom("finding")
    .select("control")
    .where("host", "=", host)
    .where("subject", "=", subject)
    .where("resolved", "is", null)
    .where("acceptance", "is", null)
    .where("verdict", "=", "fail")
    .orderBy("weight", "desc")
    .orderBy("id")
    .limit(3)
    .execute();
  return rows.map(({ control }) => control);
}

/** The failures of each severity, of several subjects together. */
export const severitySums = severities.map((severity) =>
  sql<number>`coalesce(sum(${sql.ref(`open_subject.${severity}`)}), 0)`.as(severity),
);

/** From the first time on, and before the other; milliseconds since 1970. */
export interface Times {
  readonly since?: number | undefined;
  readonly before?: number | undefined;
}

/** The findings that changed in the time: opened, got worse, were accepted, mended. */
export function changedFindings(database: FleetDatabase, { since, before }: Times) {
  let select = database.selectFrom("change").innerJoin("finding", "finding.id", "change.finding");
  if (since !== undefined) select = select.where("change.time", ">=", since);
  if (before !== undefined) select = select.where("change.time", "<", before);
  return select;
}

export function isAnyTime({ since, before }: Times = {}): boolean {
  return since === undefined && before === undefined;
}

export interface HostsQuery {
  /** Only these. */
  readonly ids?: readonly string[];
  /** Part of the name. */
  readonly text?: string | undefined;
  readonly seenBefore?: number;
  /** Whether its Engine answers. */
  readonly connected?: boolean;
  /** Something changed there in this time. */
  readonly changed?: Times | undefined;
  readonly sort?: (typeof hostSorts)[number];
  readonly offset?: number;
  readonly limit?: number;
}

/** By name, most at stake first, or the longest without a report first. */
export const hostSorts = ["name", "worst", "silent"] as const;

function hostsOf(
  database: FleetDatabase,
  sight: Sight,
  { ids, text = "", seenBefore, connected, changed }: HostsQuery,
) {
  let select = database.selectFrom("host").where(inSight("host.id", sight));
  if (ids !== undefined) select = select.where("host.id", "in", [...ids]);
  if (seenBefore !== undefined) select = select.where("host.seen", "<", seenBefore);
  if (connected !== undefined) select = select.where("host.connected", "=", Number(connected));
  if (text !== "") select = select.where(contains(text, ["host.name"]));
  if (changed && !isAnyTime(changed))
    select = select.where("host.id", "in", changedFindings(database, changed).select("finding.host"));
  return select;
}

export async function countHosts(
  database: FleetDatabase,
  sight: Sight,
  query: HostsQuery = {},
): Promise<number> {
  const { number } = await hostsOf(database, sight, query)
    .select((select) => select.fn.countAll<number>().as("number"))
    .executeTakeFirstOrThrow();
  return Number(number);
}

/** The hosts in sight, each with its containers and open failures counted. */
export async function listHosts(database: FleetDatabase, sight: Sight, query: HostsQuery = {}) {
  const { sort = "name", offset = 0, limit } = query;
  let select = hostsOf(database, sight, query).selectAll("host");
  if (sort === "silent") select = select.orderBy("host.seen");
  if (sort === "worst")
    select = select
      .leftJoin(risksOf(database), "risks.host", "host.id")
      .orderBy(sql`coalesce(risks.risk, 0)`, "desc");
  select = select.orderBy("host.name").orderBy("host.id");
  // SQLite takes an offset only with a limit.
  if (limit !== undefined) select = select.limit(limit).offset(offset);
  const hosts = await select.execute();
  if (hosts.length === 0) return [];
  const ids = hosts.map(({ id }) => id);
  const some = limit === undefined && query.ids === undefined ? undefined : ids;
  const [failures, containers] = await Promise.all([
    database
      .selectFrom("open_subject")
      .select("host")
      .select(severitySums)
      .where(inSight("open_subject.host", sight))
      .$if(some !== undefined, (part) => part.where("host", "in", some ?? []))
      .groupBy("host")
      .execute(),
    database
      .selectFrom("container")
      .select((part) => ["host", part.fn.countAll<number>().as("all"), part.fn.sum("running").as("running")])
      .where(inSight("container.host", sight))
      .$if(some !== undefined, (part) => part.where("host", "in", some ?? []))
      .groupBy("host")
      .execute(),
  ]);
  const failing = new Map(failures.map((row) => [row.host, severityCounts(row)]));
  const counts = new Map(containers.map((row) => [row.host, row]));
  return hosts.map(({ enrolled: _, allows: __, labels, told_labels, pinned, ...host }) => ({
    ...host,
    labels: parseLabels(labels),
    toldLabels: parseLabels(told_labels),
    pinned: pinned !== null,
    bySeverity: failing.get(host.id) ?? {},
    connected: host.connected === 1,
    containers: Number(counts.get(host.id)?.all ?? 0),
    running: Number(counts.get(host.id)?.running ?? 0),
  }));
}

function risksOf(database: FleetDatabase) {
  return database
    .selectFrom("open_subject")
    .select((build) => ["host", build.fn.sum<number>("risk").as("risk")])
    .groupBy("host")
    .as("risks");
}

/** The ids of the hosts with most at stake, the worst first. */
export async function riskiestHosts(
  database: FleetDatabase,
  sight: Sight,
  limit: number,
): Promise<readonly string[]> {
  const rows = await database
    .selectFrom("host")
    .leftJoin(risksOf(database), "risks.host", "host.id")
    .select("host.id")
    .where(inSight("host.id", sight))
    .orderBy(sql`coalesce(risks.risk, 0)`, "desc")
    .orderBy("host.name")
    .orderBy("host.id")
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}

/** A host's containers by name, each with its open failures counted. */
export async function containersOf(database: FleetDatabase, host: string, sight: Sight) {
  const [failures, rows] = await Promise.all([
    database
      .selectFrom("open_subject")
      .select("subject")
      .select(severityColumns)
      .where("host", "=", host)
      .where(inSight("open_subject.host", sight))
      .execute(),
    database
      .selectFrom("container")
      .select(["name", "image", "project", "running"])
      .where("host", "=", host)
      .where(inSight("container.host", sight))
      .orderBy("name")
      .execute(),
  ]);
  const failing = new Map(failures.map((row) => [row.subject, severityCounts(row)]));
  return rows.map(({ running, ...container }) => ({
    ...container,
    running: running === 1,
    bySeverity: failing.get(`container:${container.name}`) ?? {},
  }));
}

/** The latest changes of a host, or of some subjects of it, newest first. */
export async function latestChanges(
  database: FleetDatabase,
  {
    host,
    subjects,
    limit,
    sight,
  }: {
    readonly host: string;
    readonly subjects?: readonly string[];
    readonly limit: number;
    readonly sight: Sight;
  },
) {
  let select = database
    .selectFrom("change")
    .innerJoin("finding", "finding.id", "change.finding")
    .innerJoin("host", "host.id", "finding.host")
    .select([
      "change.id",
      "change.time",
      "change.change",
      "change.severity",
      "change.verdict",
      "change.message",
      "change.cause",
      "finding.id as finding",
      "finding.control",
      "finding.subject",
      "finding.host",
      "host.name as hostName",
    ])
    .where("finding.host", "=", host)
    .where(inSight("finding.host", sight));
  if (subjects !== undefined) select = select.where("finding.subject", "in", [...subjects]);
  return await select.orderBy("change.time", "desc").orderBy("change.id", "desc").limit(limit).execute();
}
