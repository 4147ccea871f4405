import { type Kysely, type RawBuilder, sql } from "kysely";
import { isPostgres } from "../postgres.ts";
import type { Spelling } from "./spelling.ts";

/**
 * Counts of findings that the database keeps itself, by triggers: no statement that changes a finding can forget them, and a
 * page of ten thousand hosts adds up thousands of rows instead of millions. Every count belongs to one host, so that hosts that
 * report at the same time do not wait for each other.
 */
export async function counts(database: Kysely<unknown>, { number }: Spelling): Promise<void> {
  const { schema } = database;
  await schema
    .createTable("open_count")
    .addColumn("host", "text", (column) => column.notNull())
    .addColumn("control", "text", (column) => column.notNull())
    .addColumn("area", "text", (column) => column.notNull())
    .addColumn("severity", "text", (column) => column.notNull())
    .addColumn("weight", number, (column) => column.notNull())
    .addColumn("verdict", "text", (column) => column.notNull())
    .addColumn("accepted", number, (column) => column.notNull())
    .addColumn("findings", number, (column) => column.notNull())
    .addPrimaryKeyConstraint("open_count_key", [
      ...(["host", "control", "area", "severity", "weight", "verdict", "accepted"] as const),
    ])
    .execute();
  let subjects = schema
    .createTable("open_subject")
    .addColumn("host", "text", (column) => column.notNull())
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("findings", number, (column) => column.notNull());
  for (const name of ["info", "low", "medium", "high", "critical", "risk"] as const) {
    subjects = subjects.addColumn(name, number, (column) => column.notNull()) as typeof subjects;
  }
  await subjects.addPrimaryKeyConstraint("open_subject_key", ["host", "subject"]).execute();
  await schema.createIndex("open_subject_risk").on("open_subject").columns(["risk"]).execute();
  await schema
    .createTable("day_count")
    .addColumn("host", "text", (column) => column.notNull())
    .addColumn("day", number, (column) => column.notNull())
    .addColumn("severity", "text", (column) => column.notNull())
    .addColumn("net", number, (column) => column.notNull())
    .addPrimaryKeyConstraint("day_count_key", ["host", "day", "severity"])
    .execute();
  await schema.createIndex("day_count_day").on("day_count").columns(["day"]).execute();
  // The order of the list of findings, and the newest of a control.
  await sql`create index finding_worst on finding (weight desc, opened desc, id desc) where resolved is null`.execute(
    database,
  );
  await sql`create index finding_control on finding (control, opened) where resolved is null`.execute(
    database,
  );
  await sql`create index finding_opened on finding (opened) where resolved is null`.execute(database);
  await sql`drop index finding_resolved`.execute(database);
  await sql`create index finding_resolved on finding (resolved) where resolved is not null`.execute(database);
  for (const each of tallies) await each.put(sql`select finding.*, 1 as sign from finding`).execute(database);
  await putTriggers(database, tallies);
}

/** The worst and the newest of each subject, kept with its counts: groups by image and by project read no findings. */
export async function worstAndNewest(database: Kysely<unknown>, { number }: Spelling): Promise<void> {
  // In the order of those that report meanwhile to a replica that is not yet updated.
  if (isPostgres(database)) await sql`lock table finding in access exclusive mode`.execute(database);
  for (const name of ["worst", "newest"]) {
    await database.schema
      .alterTable("open_subject")
      .addColumn(name, number, (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await lookedUp.execute(database);
  // Thousands of containers alike have the same risk: the first of them are read, not all.
  await sql`drop index open_subject_risk`.execute(database);
  await sql`create index open_subject_risk on open_subject (risk desc, subject)`.execute(database);
  for (const { name } of triggers) {
    const trigger = sql.raw(`count_${name}`);
    if (isPostgres(database)) {
      await sql`drop trigger ${trigger} on finding`.execute(database);
      await sql`drop function ${trigger}()`.execute(database);
    } else await sql`drop trigger ${trigger}`.execute(database);
  }
  await putTriggers(
    database,
    tallies.map((tally) => (tally === subjects ? subjectsAndExtremes : tally)),
  );
}

async function putTriggers(database: Kysely<unknown>, every: readonly Tally[]): Promise<void> {
  if (isPostgres(database)) await triggersOfPostgres(database, every);
  else await triggersOfSqlite(database, every);
}

type Source = RawBuilder<unknown>;

/** How rows of findings, each with a sign (1: added, -1: taken away), come into a table of counts. */
interface Tally {
  put(rows: Source): RawBuilder<unknown>;
  /** Rows that count nothing are removed. */
  readonly empty: RawBuilder<unknown>;
  /** What else there is to do where rows were taken away. */
  taken?(rows: Source): RawBuilder<unknown>;
}

const day = 86_400_000;

/** The open findings of each subject, and its failures of each severity. */
const subjects: Tally = {
  put: (rows) => sql`
    insert into open_subject (host, subject, findings, info, low, medium, high, critical, risk)
    ${countsOfSubjects(rows)} ${addedToSubjects}`,
  empty: sql`open_subject where findings = 0`,
};

function countsOfSubjects(rows: Source, more: readonly RawBuilder<unknown>[] = []) {
  return sql`
    select ${sql.join([
      sql`host, subject, sum(sign), sum(${failing(0)}), sum(${failing(1)}), sum(${failing(2)}),
      sum(${failing(3)}), sum(${failing(4)}),
      sum(${failing(0)} + 5 * ${failing(1)} + 25 * ${failing(2)} + 125 * ${failing(3)} + 625 * ${failing(4)})`,
      ...more,
    ])}
    from (${rows}) as changed where resolved is null and acceptance is null
    group by host, subject
    having sum(sign) <> 0 or sum(${failing(0)}) <> 0 or sum(${failing(1)}) <> 0 or sum(${failing(2)}) <> 0
      or sum(${failing(3)}) <> 0 or sum(${failing(4)}) <> 0`;
}

const addedToSubjects = sql`
  on conflict (host, subject) do update set
    findings = open_subject.findings + excluded.findings,
    info = open_subject.info + excluded.info, low = open_subject.low + excluded.low,
    medium = open_subject.medium + excluded.medium, high = open_subject.high + excluded.high,
    critical = open_subject.critical + excluded.critical, risk = open_subject.risk + excluded.risk`;

const tallies: readonly Tally[] = [
  {
    put: (rows) => sql`
      insert into open_count (host, control, area, severity, weight, verdict, accepted, findings)
      select host, control, area, severity, weight, verdict,
        case when acceptance is null then 0 else 1 end, sum(sign)
      from (${rows}) as changed where resolved is null
      group by host, control, area, severity, weight, verdict, case when acceptance is null then 0 else 1 end
      having sum(sign) <> 0
      on conflict (host, control, area, severity, weight, verdict, accepted)
      do update set findings = open_count.findings + excluded.findings`,
    empty: sql`open_count where findings = 0`,
  },
  subjects,
  {
    put: (rows) => sql`
      insert into day_count (host, day, severity, net)
      select host, day, severity, sum(sign) from (
        select host, opened / ${sql.lit(day)} as day, severity, sign from (${rows}) as began
        where verdict = 'fail' and acceptance is null
        union all
        select host, resolved / ${sql.lit(day)} as day, severity, -sign from (${rows}) as ended
        where verdict = 'fail' and acceptance is null and resolved is not null
      ) as changed
      group by host, day, severity having sum(sign) <> 0
      on conflict (host, day, severity) do update set net = day_count.net + excluded.net`,
    empty: sql`day_count where net = 0`,
  },
];

/** Counts of subjects with the worst and the newest that were added. */
const subjectsAndExtremes: Tally = {
  ...subjects,
  put: (rows) => sql`
    insert into open_subject (host, subject, findings, info, low, medium, high, critical, risk, worst, newest)
    ${countsOfSubjects(rows, [sql`coalesce(max(${added("weight")}), 0)`, sql`coalesce(max(${added("opened")}), 0)`])}
    ${addedToSubjects},
      worst = case when excluded.worst > open_subject.worst then excluded.worst else open_subject.worst end,
      newest = case when excluded.newest > open_subject.newest then excluded.newest else open_subject.newest end`,
  // What is left when the worst is gone was counted nowhere.
  taken: (rows) => sql`
    ${lookedUp} from (
      select host, subject, max(weight) as weight, max(opened) as opened from (${rows}) as each
      where resolved is null and acceptance is null group by host, subject
    ) as changed
    where open_subject.host = changed.host and open_subject.subject = changed.subject
      and (changed.weight >= open_subject.worst or changed.opened >= open_subject.newest)`,
};

/** `+ 0`: else PostgreSQL may walk the index of all weights, down to those of the subject. */
const lookedUp = sql`
  update open_subject set (worst, newest) = (
    select coalesce(max(weight + 0), 0), coalesce(max(opened + 0), 0) from finding
    where finding.host = open_subject.host and finding.subject = open_subject.subject
      and resolved is null and acceptance is null
  )`;

function added(column: string) {
  return sql`case when sign = 1 then ${sql.ref(column)} end`;
}

function failing(weight: number) {
  return sql`(case when verdict = 'fail' and weight = ${sql.lit(weight)} then sign else 0 end)`;
}

/** Whether rows are added by the event, and taken away. */
const triggers = [
  { name: "inserted", on: "insert", adds: true, takes: false },
  { name: "updated", on: "update", adds: true, takes: true },
  { name: "deleted", on: "delete", adds: false, takes: true },
] as const;

/** Once a statement, however many rows it changes (https://www.postgresql.org/docs/current/sql-createtrigger.html). */
async function triggersOfPostgres(database: Kysely<unknown>, every: readonly Tally[]): Promise<void> {
  const added = { table: "new table as new_rows", rows: "select new_rows.*, 1 as sign from new_rows" };
  const taken = { table: "old table as old_rows", rows: "select old_rows.*, -1 as sign from old_rows" };
  for (const { name, on, adds, takes } of triggers) {
    const sides = [...(adds ? [added] : []), ...(takes ? [taken] : [])];
    const tables = sides.map(({ table }) => table).join(" ");
    const rows = sides.map((side) => side.rows).join(" union all ");
    const statements = every.flatMap(({ put, empty, taken }) => [
      put(sql.raw(rows)),
      ...(takes ? [sql`delete from ${empty} and host in (select host from old_rows)`] : []),
      // Planned each time: what was planned while the table was empty would be kept, and would read all of it.
      ...(takes && taken ? [sql`execute $each$ ${taken(sql.raw(rows))} $each$`] : []),
    ]);
    await sql`
      create function count_${sql.raw(name)}() returns trigger language plpgsql as $count$
      begin
        ${sql.join(statements, sql`; `)};
        return null;
      end $count$`.execute(database);
    await sql`
      create trigger count_${sql.raw(name)} after ${sql.raw(on)} on finding
      referencing ${sql.raw(tables)} for each statement execute function count_${sql.raw(name)}()`.execute(
      database,
    );
  }
}

const columns = [
  ...["host", "subject", "control", "area", "severity", "weight", "verdict", "acceptance", "opened"],
  "resolved",
];

/** Once a row: SQLite has no others (https://www.sqlite.org/lang_createtrigger.html). */
async function triggersOfSqlite(database: Kysely<unknown>, every: readonly Tally[]): Promise<void> {
  const row = (of: "new" | "old", sign: 1 | -1) =>
    `select ${columns.map((column) => `${of}.${column} as ${column}`).join(", ")}, ${sign} as sign`;
  for (const { name, on, adds, takes } of triggers) {
    const rows = [...(adds ? [row("new", 1)] : []), ...(takes ? [row("old", -1)] : [])].join(" union all ");
    const statements = every.flatMap(({ put, empty, taken }) => [
      put(sql.raw(rows)),
      ...(takes ? [sql`delete from ${empty} and host = old.host`] : []),
      ...(takes && taken ? [taken(sql.raw(rows))] : []),
    ]);
    const event = on === "update" ? `update of ${columns.join(", ")}` : on;
    await sql`
      create trigger count_${sql.raw(name)} after ${sql.raw(event)} on finding
      begin ${sql.join(statements, sql`; `)}; end`.execute(database);
  }
}
