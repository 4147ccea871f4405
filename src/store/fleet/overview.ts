import { sql } from "kysely";
import type { FleetDatabase } from "./open.ts";
import { parseLabels } from "./teams/labels.ts";
import { inSight, type Sight } from "./teams/sight.ts";

const day = 86_400_000;

/**
 * How many findings of each severity were open at the same time on each of the last days, oldest first. It begins when the
 * first host was read: nobody knows what was open before.
 */
export async function trend(
  database: FleetDatabase,
  days: number,
  now: number,
  sight: Sight,
): Promise<readonly { readonly time: number; readonly bySeverity: Readonly<Record<string, number>> }[]> {
  const rows = await database
    .selectFrom("finding")
    .select(["severity", "opened", "resolved"])
    .where("verdict", "=", "fail")
    .where("acceptance", "is", null)
    .where((where) => where.or([where("resolved", "is", null), where("resolved", ">", now - days * day)]))
    .where(inSight("finding.host", sight))
    .execute();
  const first = await database
    .selectFrom("host")
    .select((select) => select.fn.min("enrolled").as("enrolled"))
    .where(inSight("host.id", sight))
    .executeTakeFirst();
  const known = Math.min(days, Math.floor((now - Number(first?.enrolled ?? now)) / day));
  return Array.from({ length: known + 1 }, (_, index) => {
    const time = now - (known - index) * day;
    const bySeverity: Record<string, number> = {};
    for (const { severity, opened, resolved } of rows) {
      if (opened > time || (resolved !== null && resolved <= time)) continue;
      bySeverity[severity] = (bySeverity[severity] ?? 0) + 1;
    }
    return { time, bySeverity };
  });
}

/** The worst severity and the number of failures for each host and focus area. */
export async function matrix(database: FleetDatabase, sight: Sight) {
  const rows = await database
    .selectFrom("finding")
    .select((select) => [
      "host",
      "area",
      select.fn.max("weight").as("weight"),
      select.fn.countAll<number>().as("findings"),
    ])
    .where("resolved", "is", null)
    .where("acceptance", "is", null)
    .where("verdict", "=", "fail")
    .where(inSight("finding.host", sight))
    .groupBy(["host", "area"])
    .execute();
  return rows.map((row) => ({ ...row, weight: Number(row.weight), findings: Number(row.findings) }));
}

/** The containers with most at stake: a critical finding weighs as much as five high ones, and so on down. */
export async function riskiest(database: FleetDatabase, limit: number, sight: Sight) {
  const risk = sql<number>`sum(case finding.weight when 4 then 625 when 3 then 125 when 2 then 25 when 1 then 5 else 1 end)`;
  const rows = await database
    .selectFrom("finding")
    .innerJoin("host", "host.id", "finding.host")
    .select((select) => [
      "finding.host",
      "host.name as hostName",
      "finding.subject",
      risk.as("risk"),
      select.fn.countAll<number>().as("findings"),
      select.fn.max("finding.weight").as("weight"),
    ])
    .where("finding.resolved", "is", null)
    .where("finding.acceptance", "is", null)
    .where("finding.verdict", "=", "fail")
    .where("finding.subject", "like", "container:%")
    .where(inSight("finding.host", sight))
    .groupBy(["finding.host", "host.name", "finding.subject"])
    .orderBy("risk", "desc")
    .orderBy("finding.subject")
    .limit(limit)
    .execute();
  return await Promise.all(
    rows.map(async (row) => ({ ...row, findings: Number(row.findings), why: await worst(database, row) })),
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

type BySeverity = Readonly<Record<string, number>>;

/** Open failures of each severity: of each host, or of each subject of one host. */
async function failuresBy(
  database: FleetDatabase,
  by: "host" | "subject",
  sight: Sight,
  host?: string,
): Promise<ReadonlyMap<string, BySeverity>> {
  let select = database
    .selectFrom("finding")
    .select((select) => [select.ref(by).as("key"), "severity", select.fn.countAll<number>().as("number")])
    .where("resolved", "is", null)
    .where("acceptance", "is", null)
    .where("verdict", "=", "fail")
    .where(inSight("finding.host", sight))
    .groupBy([by, "severity"]);
  if (host !== undefined) select = select.where("host", "=", host);
  const counts = new Map<string, Record<string, number>>();
  for (const { key, severity, number } of await select.execute()) {
    const own = counts.get(key) ?? {};
    own[severity] = Number(number);
    counts.set(key, own);
  }
  return counts;
}

/** The hosts in sight by name, each with its containers and open failures counted. */
export async function listHosts(database: FleetDatabase, sight: Sight) {
  const [failures, hosts, containers] = await Promise.all([
    failuresBy(database, "host", sight),
    database
      .selectFrom("host")
      .selectAll()
      .where(inSight("host.id", sight))
      .orderBy("name")
      .orderBy("id")
      .execute(),
    database
      .selectFrom("container")
      .select((select) => [
        "host",
        select.fn.countAll<number>().as("all"),
        select.fn.sum("running").as("running"),
      ])
      .where(inSight("container.host", sight))
      .groupBy("host")
      .execute(),
  ]);
  const counts = new Map(containers.map((row) => [row.host, row]));
  return hosts.map(({ enrolled: _, labels, ...host }) => ({
    ...host,
    labels: parseLabels(labels),
    bySeverity: failures.get(host.id) ?? {},
    connected: host.connected === 1,
    containers: Number(counts.get(host.id)?.all ?? 0),
    running: Number(counts.get(host.id)?.running ?? 0),
  }));
}

/** A host's containers by name, each with its open failures counted. */
export async function containersOf(database: FleetDatabase, host: string, sight: Sight) {
  const [failures, rows] = await Promise.all([
    failuresBy(database, "subject", sight, host),
    database
      .selectFrom("container")
      .select(["name", "image", "project", "running"])
      .where("host", "=", host)
      .where(inSight("container.host", sight))
      .orderBy("name")
      .execute(),
  ]);
  return rows.map(({ running, ...container }) => ({
    ...container,
    running: running === 1,
    bySeverity: failures.get(`container:${container.name}`) ?? {},
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
