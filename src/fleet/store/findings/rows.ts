import { sql } from "kysely";
import type { Finding } from "../../../audit/finding.ts";
import { type Cause, type Change, type Named, subjectKey } from "../../../watch/change.ts";
import type { FleetDatabase } from "../open.ts";
import { keyOf, stateOf, storable } from "./state.ts";

/** The focus area of a control: `2.11`, or "" for what has none. */
export type AreaOf = (control: string) => string;

/** Rows of one statement: each has up to 14 values, and SQLite takes 32,766. */
const together = 500;

/** A finding that is open, or opens, on a host. */
export interface OnHost {
  readonly host: string;
  readonly finding: Finding;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Inserts findings that are open. Their ids are in the order of the findings, of which no two have one key. */
export async function insertFindings(
  step: FleetDatabase,
  findings: readonly OnHost[],
  areaOf: AreaOf,
): Promise<readonly number[]> {
  const ids: number[] = [];
  for (const part of parts(findings)) {
    const rows = await step
      .insertInto("finding")
      .values(
        part.map(({ host, finding, at }) => ({
          host,
          subject: storable(subjectKey(finding.subject)),
          control: finding.control,
          area: areaOf(finding.control),
          ...stateOf(finding),
          opened: at,
          changed: at,
          resolved: null,
        })),
      )
      .returning(["id", "host", "subject", "control"])
      .execute();
    // Neither engine promises the order.
    const byKey = new Map(rows.map((row) => [`${row.host} ${row.control} ${row.subject}`, row.id]));
    for (const { host, finding } of part) ids.push(byKey.get(`${host} ${keyOf(finding)}`) ?? 0);
  }
  return ids;
}

/** The ids of those that are open, by host and key. */
export async function openIds(
  step: FleetDatabase,
  findings: readonly { readonly host: string; readonly finding: Named }[],
): Promise<ReadonlyMap<string, number>> {
  const ids = new Map<string, number>();
  for (const part of parts(findings)) {
    const keys = part.map(
      ({ host, finding }) => sql`(${host}, ${storable(subjectKey(finding.subject))}, ${finding.control})`,
    );
    const rows = await step
      .selectFrom("finding")
      .select(["id", "host", "subject", "control"])
      .where("resolved", "is", null)
      .where(sql<boolean>`(host, subject, control) in (values ${sql.join(keys)})`)
      .execute();
    for (const { id, host, subject, control } of rows) ids.set(`${host} ${control} ${subject}`, id);
  }
  return ids;
}

export async function update(
  step: FleetDatabase,
  id: number,
  finding: Finding,
  changed: number,
): Promise<void> {
  const state = stateOf(finding);
  const isWorse = sql`verdict <> ${state.verdict} and ${state.verdict} = 'fail'
    or verdict = ${state.verdict} and weight < ${state.weight}`;
  const worsened = sql<number | null>`case when ${isWorse} then ${changed} else worsened end`;
  await step
    .updateTable("finding")
    .set({ ...state, subject: storable(subjectKey(finding.subject)), changed, worsened })
    .where("id", "=", id)
    .execute();
}

export async function resolve(
  step: FleetDatabase,
  findings: readonly { readonly id: number; readonly at: number }[],
): Promise<void> {
  for (const part of parts(findings)) {
    const rows = part.map(({ id, at }) => sql`(cast(${id} as bigint), cast(${at} as bigint))`);
    await sql`
      update finding set resolved = ended.column2, changed = ended.column2
      from (values ${sql.join(rows)}) as ended where finding.id = ended.column1`.execute(step);
  }
}

export interface NewChange {
  readonly id: number;
  readonly time: number;
  readonly change: Change["change"];
  readonly finding: Finding;
  readonly cause: Cause;
  readonly was?: string | undefined;
}

export async function addChanges(step: FleetDatabase, changes: readonly NewChange[]): Promise<void> {
  for (const part of parts(changes)) {
    await step
      .insertInto("change")
      .values(
        part.map(({ id, time, change, finding, cause }) => ({
          finding: id,
          time,
          change,
          severity: finding.severity,
          verdict: finding.verdict,
          message: storable(finding.message),
          cause: JSON.stringify(cause),
        })),
      )
      .execute();
  }
}

function* parts<T>(all: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < all.length; from += together) yield all.slice(from, from + together);
}
