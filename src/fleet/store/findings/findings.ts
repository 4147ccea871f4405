import { atOnce, type FleetDatabase } from "../open.ts";
import { inSight, type Sight } from "../teams/sight.ts";
import { countBySeverity, countFound, mostCounted } from "./counts.ts";
import {
  type FindingsQuery,
  found,
  hasText,
  matching,
  named,
  ofContainer,
  orderOf,
  type Page,
  type sorts,
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

type Sort = (typeof sorts)[number];

/** Findings, worst first, then the newest, or by time. Of a search by text those of the `mostCounted` worst are sorted by time. */
export async function listFindings(
  database: FleetDatabase,
  query: FindingsQuery,
  { offset, limit }: Page,
  sort: Sort = "worst",
): Promise<readonly FoundRow[]> {
  const order = orderOf(query, sort);
  if (!hasText(query)) {
    const findings = matching(database, query).selectAll("finding");
    return await named(database, findings.orderBy(order).offset(offset).limit(limit))
      .select(columns)
      .orderBy(order)
      .execute();
  }
  if (sort === "worst") {
    const found = await findText(database, query, offset + limit);
    return await rowsOf(database, found.slice(offset), order);
  }
  const rows = await rowsOf(database, await findText(database, query, mostCounted), order);
  return rows.slice(offset, offset + limit);
}

/**
 * Findings as `listFindings` gives them, and how many there are of each severity, the severities that are not asked for, too. Of a
 * search `mostCounted` in all are counted, the worst.
 */
export async function findingsPage(
  database: FleetDatabase,
  query: FindingsQuery,
  page: Page,
  sort: Sort = "worst",
) {
  if (!hasText(query) || query.severities.length > 0 || sort !== "worst") {
    const [bySeverity, rows] = await Promise.all([
      countBySeverity(database, { ...query, severities: [] }),
      listFindings(database, query, page, sort),
    ]);
    return { bySeverity, rows };
  }
  // One search serves both.
  const end = page.offset + page.limit;
  const worst = await findText(database, query, Math.max(mostCounted, end));
  return {
    bySeverity: countFound(worst.slice(0, mostCounted)),
    rows: await rowsOf(database, worst.slice(page.offset, end), orderOf(query, sort)),
  };
}

async function rowsOf(
  database: FleetDatabase,
  some: readonly Found[],
  order: ReturnType<typeof orderOf>,
): Promise<readonly FoundRow[]> {
  if (some.length === 0) return [];
  const ids = some.map(({ id }) => id);
  return await named(
    database,
    database.selectFrom("finding").selectAll("finding").where("finding.id", "in", ids),
  )
    .select(columns)
    .orderBy(order)
    .execute();
}

/** Who looks after each of these findings, and what brought its last change about. */
export async function notesOf(database: FleetDatabase, ids: readonly number[]) {
  if (ids.length === 0) return { assignments: new Map<number, never>(), causes: new Map<number, never>() };
  const some = [...ids];
  const last = database
    .selectFrom("change")
    .select((select) => select.fn.max("id").as("id"))
    .where("finding", "in", some)
    .groupBy("finding");
  const [assignments, changes] = await Promise.all([
    database.selectFrom("assignment").selectAll().where("finding", "in", some).execute(),
    database
      .selectFrom("change")
      .select(["finding", "change", "cause"])
      .where("finding", "in", some)
      .where("id", "in", last)
      .execute(),
  ]);
  return {
    assignments: new Map(assignments.map((row) => [row.finding, row])),
    causes: new Map(changes.map(({ finding, ...row }) => [finding, row])),
  };
}

interface Assigned {
  /** Null: nobody looks after it any more. */
  readonly assignee: string | null;
  readonly due: string | null;
  readonly comment: string;
  readonly author: string;
  readonly time: number;
}

/** Assigns those of these findings that are open and in sight. Gives their ids. */
export async function assign(
  database: FleetDatabase,
  ids: readonly number[],
  { assignee, ...said }: Assigned,
  sight: Sight,
): Promise<readonly number[]> {
  return await atOnce(database, async (step) => {
    const open = await step
      .selectFrom("finding")
      .select("id")
      .where("id", "in", [...ids])
      .where("resolved", "is", null)
      .where(inSight("finding.host", sight))
      .execute();
    const found = open.map(({ id }) => id);
    if (found.length === 0) return [];
    await step.deleteFrom("assignment").where("finding", "in", found).execute();
    if (assignee !== null) {
      const rows = found.map((finding) => ({ finding, assignee, ...said }));
      await step.insertInto("assignment").values(rows).execute();
    }
    return found;
  });
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

/** Findings behind this id, in the order of their ids: for anyone who reads all of them, part by part. */
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
