import { type Kysely, sql } from "kysely";
import { hold, isPostgres } from "../postgres.ts";
import type { FleetSchema } from "./schema.ts";

type FleetDatabase = Kysely<FleetSchema>;

/**
 * In PostgreSQL the history of findings is one table a month: what is older than it has to be kept goes with its month's table,
 * in a moment, and leaves no holes. In SQLite rows are deleted.
 */

/** Months that are made before they begin. */
const ahead = 2;

/** A time in no month that was made goes here. */
const other = "change_other";

/** Makes the months that are missing, from the one of `now` on: several replicas may do so at once. */
export async function makeMonths(database: FleetDatabase, now: number): Promise<void> {
  if (!isPostgres(database)) return;
  const made = new Set((await monthsOf(database)).map(({ table }) => table));
  const missing = monthsFrom(now).filter(({ table }) => !made.has(table));
  for (const month of missing) {
    await database.transaction().execute(async (step) => {
      await hold(step, "history");
      if ((await monthsOf(step)).some(({ table }) => table === month.table)) return;
      // Nobody made it in time: what came since moves into it.
      const range = sql`time >= ${month.from} and time < ${month.to}`;
      await sql`create temporary table early on commit drop as select * from ${sql.table(other)} where ${range}`.execute(
        step,
      );
      await sql`delete from ${sql.table(other)} where ${range}`.execute(step);
      await makeMonth(step, month);
      await sql`insert into change select * from early`.execute(step);
    });
  }
}

/**
 * Drops the months that ended before; what is in them of findings that are still open stays. Gives how many there were. A month
 * that somebody reads for long is dropped another time.
 */
export async function dropMonths(database: FleetDatabase, before: number): Promise<number> {
  if (!isPostgres(database)) return 0;
  const old = (await monthsOf(database)).filter(({ to }) => to <= before);
  for (const month of old) {
    await database.transaction().execute(async (step) => {
      // Reports wait meanwhile.
      await sql`set local lock_timeout = '3s'`.execute(step);
      await hold(step, "history");
      if (!(await monthsOf(step)).some(({ table }) => table === month.table)) return;
      const table = sql.table(month.table);
      await sql`alter table change detach partition ${table}`.execute(step);
      await sql`
        insert into change select ${table}.* from ${table}
        join finding on finding.id = ${table}.finding where finding.resolved is null`.execute(step);
      await sql`drop table ${table}`.execute(step);
    });
  }
  return old.length;
}

/** The start of the oldest month that is kept where history is kept from this time on; in SQLite the time itself. */
export function keptFrom(database: FleetDatabase, time: number): number {
  return isPostgres(database) ? monthOf(time).from : time;
}

interface Month {
  /** `change_2026_11`. */
  readonly table: string;
  /** Milliseconds since 1970; `to` is the next month's. */
  readonly from: number;
  readonly to: number;
}

function monthOf(time: number): Month {
  const at = new Date(time);
  const [year, month] = [at.getUTCFullYear(), at.getUTCMonth()];
  return {
    table: `change_${year}_${String(month + 1).padStart(2, "0")}`,
    from: Date.UTC(year, month),
    to: Date.UTC(year, month + 1),
  };
}

function monthsFrom(now: number): readonly Month[] {
  const months = [monthOf(now)];
  while (months.length <= ahead) months.push(monthOf(months.at(-1)?.to ?? now));
  return months;
}

async function makeMonth(
  database: Pick<Kysely<unknown>, "getExecutor">,
  { table, from, to }: Month,
): Promise<void> {
  await sql`
    create table ${sql.table(table)} partition of change
    for values from (${sql.lit(from)}) to (${sql.lit(to)})`.execute(database);
}

async function monthsOf(database: FleetDatabase): Promise<readonly Month[]> {
  const { rows } = await sql<{ table: string }>`
    select child.relname as table from pg_inherits
    join pg_class child on child.oid = inhrelid where inhparent = 'change'::regclass`.execute(database);
  return rows.flatMap(({ table }) => {
    const [, year, month] = /^change_(\d{4})_(\d{2})$/.exec(table) ?? [];
    return year === undefined ? [] : [monthOf(Date.UTC(Number(year), Number(month) - 1))];
  });
}
