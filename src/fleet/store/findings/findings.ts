import type { FleetDatabase } from "../open.ts";
import { inSight, type Sight } from "../teams/sight.ts";
import { countBySeverity, countFound, mostCounted } from "./counts.ts";
import {
  type FindingsQuery,
  found,
  hasText,
  matching,
  named,
  ofContainer,
  type Page,
  worstFirst,
} from "./query.ts";
import { type Found, findText } from "./text.ts";

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
  if (!hasText(query)) {
    const findings = matching(database, query).selectAll("finding");
    return await named(database, findings.orderBy(worstFirst).offset(offset).limit(limit))
      .select(columns)
      .orderBy(worstFirst)
      .execute();
  }
  return await rowsOf(database, (await findText(database, query, offset + limit)).slice(offset));
}

/**
 * Findings as `listFindings` gives them, and how many there are of each severity, the severities that are not asked for, too. Of a
 * search `mostCounted` in all are counted, the worst.
 */
export async function findingsPage(database: FleetDatabase, query: FindingsQuery, page: Page) {
  if (!hasText(query) || query.severities.length > 0) {
    const [bySeverity, rows] = await Promise.all([
      countBySeverity(database, { ...query, severities: [] }),
      listFindings(database, query, page),
    ]);
    return { bySeverity, rows };
  }
  // One search serves both.
  const end = page.offset + page.limit;
  const worst = await findText(database, query, Math.max(mostCounted, end));
  return {
    bySeverity: countFound(worst.slice(0, mostCounted)),
    rows: await rowsOf(database, worst.slice(page.offset, end)),
  };
}

async function rowsOf(database: FleetDatabase, some: readonly Found[]): Promise<readonly FoundRow[]> {
  if (some.length === 0) return [];
  const ids = some.map(({ id }) => id);
  return await named(
    database,
    database.selectFrom("finding").selectAll("finding").where("finding.id", "in", ids),
  )
    .select(columns)
    .orderBy(worstFirst)
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

/** What an open finding says of what; undefined if none of this id is open. */
export async function openFindingById(database: FleetDatabase, id: number, sight: Sight) {
  return await database
    .selectFrom("finding")
    .select(["host", "subject", "control"])
    .where("id", "=", id)
    .where("resolved", "is", null)
    .where(inSight("finding.host", sight))
    .executeTakeFirst();
}

/** One finding with its changes, oldest first; undefined if there is none of this id. */
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
