import { isAtLeast, type Severity } from "../../../model/severity.ts";
import type { Change } from "../../../watch/change.ts";
import { destinationOf } from "../../../watch/outputs/destinations.ts";
import type { NewChange } from "../findings/rows.ts";
import type { FleetDatabase } from "../open.ts";
import { belongs, parseLabels } from "../teams/sight.ts";
import { noteDropped, type Rule, rulesOf } from "./rules.ts";

/**
 * Puts changes of a host into the outbox of each rule that wants them. In the transaction that keeps the changes, and behind
 * them: what is kept is told, and what is not kept is not.
 */
export async function queueNotices(
  step: FleetDatabase,
  host: string,
  changes: readonly NewChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const rules = await rulesOf(step, "changes");
  if (rules.length === 0) return;
  const [known, teams] = [
    await step.selectFrom("host").select("labels").where("id", "=", host).executeTakeFirst(),
    await step.selectFrom("team_host").select("team").where("host", "=", host).execute(),
  ];
  const labels = parseLabels(known?.labels ?? "{}");
  const wanting = rules.filter(
    (rule) =>
      (rule.team === null || teams.some(({ team }) => team === rule.team)) &&
      (rule.labels.length === 0 || belongs(labels, rule.labels)),
  );
  for (const rule of wanting) {
    const wanted: NewChange[] = [];
    for (const change of changes) if (await isWanted(step, rule, change)) wanted.push(change);
    // More of them would be dropped before they are sent: they are not even built.
    const told = wanted.slice(-mostWaiting);
    if (told.length < wanted.length) await noteDropped(step, rule.id, wanted.length - told.length);
    for (const part of pieces(told)) {
      const rows = part.map(({ id, record }) => ({ rule: rule.id, finding: id, host, record }));
      await step.insertInto("notification").values(rows).execute();
    }
  }
}

/** Changes that wait for a receiver that takes none. */
export const mostWaiting = 10_000;

/** Characters and rows of one statement: a whole report has 25 MiB, and each rule would hold them again. */
const pieceLength = 1_000_000;
const pieceRows = 500;

function* pieces(changes: readonly NewChange[]) {
  let piece: { readonly id: number; readonly record: string }[] = [];
  let length = 0;
  for (const { id, time, change, finding, cause, was } of changes) {
    const record = JSON.stringify({
      time: new Date(time).toISOString(),
      ...{ change, finding, cause, ...(was !== undefined && { was }) },
    } satisfies Change);
    piece.push({ id, record });
    length += record.length;
    if (length < pieceLength && piece.length < pieceRows) continue;
    yield piece;
    piece = [];
    length = 0;
  }
  if (piece.length > 0) yield piece;
}

async function isWanted(
  step: FleetDatabase,
  { type, controls, severity }: Rule,
  { id, change, finding, cause }: NewChange,
): Promise<boolean> {
  if (controls.length > 0 && !controls.includes(finding.control)) return false;
  // People are not told what was so before the host was watched; a program is told all.
  if (cause.kind === "start" && !destinationOf(type).getsStart) return false;
  if (isAtLeast(finding.severity, severity)) return true;
  // It was told, and got milder: nobody shall go on worrying.
  return change === "changed" && isAtLeast(await severityBefore(step, id), severity);
}

/** The severity that a finding had before its last change. */
async function severityBefore(step: FleetDatabase, finding: number): Promise<Severity> {
  const rows = await step
    .selectFrom("change")
    .select("severity")
    .where("finding", "=", finding)
    .orderBy("id", "desc")
    .limit(2)
    .execute();
  return (rows[1]?.severity ?? "info") as Severity;
}

export interface Notice {
  readonly id: number;
  readonly host: string;
  /** The host's name, or its id where it was removed. */
  readonly hostName: string;
  readonly change: Change;
  /** Whether the finding is accepted by now. */
  readonly isAccepted: boolean;
}

/**
 * What waits for a rule from the host that has waited longest, oldest first: changes of other hosts in between do not split it into many
 * messages.
 */
export async function nextNotices(
  database: FleetDatabase,
  rule: number,
  most: number,
): Promise<readonly Notice[]> {
  const rows = await database
    .selectFrom("notification")
    .leftJoin("host", "host.id", "notification.host")
    .leftJoin("finding", "finding.id", "notification.finding")
    .select([
      "notification.id",
      "notification.host",
      "notification.record",
      "host.name as hostName",
      "finding.acceptance",
    ])
    .where("notification.rule", "=", rule)
    .where("notification.host", "=", (build) =>
      build.selectFrom("notification").select("host").where("rule", "=", rule).orderBy("id").limit(1),
    )
    .orderBy("notification.id")
    .limit(most)
    .execute();
  return rows.map(({ hostName, record, acceptance, ...row }) => ({
    ...row,
    hostName: hostName ?? row.host,
    change: JSON.parse(record) as Change,
    isAccepted: acceptance !== null,
  }));
}

export async function dropNotices(database: FleetDatabase, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await database
    .deleteFrom("notification")
    .where("id", "in", [...ids])
    .execute();
}

/** Drops the oldest of what waits beyond `most`. Gives how many. */
export async function dropOldest(database: FleetDatabase, rule: number, most: number): Promise<number> {
  const first = await database
    .selectFrom("notification")
    .select("id")
    .where("rule", "=", rule)
    .orderBy("id", "desc")
    .offset(most)
    .limit(1)
    .executeTakeFirst();
  if (!first) return 0;
  const { numDeletedRows } = await database
    .deleteFrom("notification")
    .where("rule", "=", rule)
    .where("id", "<=", first.id)
    .executeTakeFirst();
  return Number(numDeletedRows);
}
