export type Dialect = "sqlite" | "postgres";

/** `ID` numbers rows; `SERIAL` never uses a number again; `NUMBER` holds 64 bits; `HOST` names a host, and goes with it. */
export function inDialect(text: string, dialect: Dialect): string {
  return text.replace(
    /\b(?:ID|SERIAL|NUMBER|HOST|CHANGE_ID|CHANGE_END)\b/g,
    (word) => words[dialect][word] ?? word,
  );
}

const host = "text not null references host (id) on delete cascade";
const words: Readonly<Record<Dialect, Readonly<Record<string, string>>>> = {
  sqlite: {
    ID: "integer primary key",
    SERIAL: "integer primary key autoincrement",
    NUMBER: "integer",
    HOST: host,
    CHANGE_ID: "integer primary key",
    CHANGE_END: ")",
  },
  postgres: {
    ID: "bigserial primary key",
    SERIAL: "bigserial primary key",
    NUMBER: "bigint",
    HOST: host,
    // A partitioned table's key has to have what it is partitioned by (`months.ts`).
    CHANGE_ID: "bigserial",
    CHANGE_END: ", primary key (id, time)) partition by range (time)",
  },
};

/**
 * Counts of findings that the database keeps itself, by triggers: no statement that changes a finding can forget them, and a
 * page of ten thousand hosts adds up thousands of rows instead of millions. Every count belongs to one host, so that hosts that
 * report at the same time do not wait for each other.
 */
export function countTables(dialect: Dialect): readonly string[] {
  return [
    `create table open_count (host text not null, control text not null, area text not null, severity text not null,
      weight NUMBER not null, verdict text not null, accepted NUMBER not null, findings NUMBER not null,
      primary key (host, control, area, severity, weight, verdict, accepted))`,
    `create table open_subject (host text not null, subject text not null, findings NUMBER not null, info NUMBER not null,
      low NUMBER not null, medium NUMBER not null, high NUMBER not null, critical NUMBER not null, risk NUMBER not null,
      worst NUMBER not null, newest NUMBER not null, primary key (host, subject))`,
    // Thousands of containers alike have the same risk: the first of them are read, not all.
    "create index open_subject_risk on open_subject (risk desc, subject)",
    `create table day_count (host text not null, day NUMBER not null, severity text not null, net NUMBER not null,
      primary key (host, day, severity))`,
    "create index day_count_day on day_count (day)",
  ].map((text) => inDialect(text, dialect));
}

/** How rows of findings, each with a sign (1: added, -1: taken away), come into a table of counts. */
interface Tally {
  put(rows: string): string;
  /** Rows that count nothing are removed. */
  readonly empty: string;
  /** What else there is to do where rows were taken away. */
  taken?(rows: string): string;
}

const day = 86_400_000;

const failing = (weight: number) =>
  `(case when verdict = 'fail' and weight = ${weight} then sign else 0 end)`;
const added = (column: string) => `case when sign = 1 then ${column} end`;
const isAccepted = "case when acceptance is null then 0 else 1 end";

const tallies: readonly Tally[] = [
  {
    put: (rows) => `
      insert into open_count (host, control, area, severity, weight, verdict, accepted, findings)
      select host, control, area, severity, weight, verdict, ${isAccepted}, sum(sign)
      from (${rows}) as changed where resolved is null
      group by host, control, area, severity, weight, verdict, ${isAccepted}
      having sum(sign) <> 0
      on conflict (host, control, area, severity, weight, verdict, accepted)
      do update set findings = open_count.findings + excluded.findings`,
    empty: "open_count where findings = 0",
  },
  // The open findings of each subject, its failures of each severity, and the worst and the newest that were added.
  {
    put: (rows) => `
      insert into open_subject (host, subject, findings, info, low, medium, high, critical, risk, worst, newest)
      select host, subject, sum(sign), sum(${failing(0)}), sum(${failing(1)}), sum(${failing(2)}),
        sum(${failing(3)}), sum(${failing(4)}),
        sum(${failing(0)} + 5 * ${failing(1)} + 25 * ${failing(2)} + 125 * ${failing(3)} + 625 * ${failing(4)}),
        coalesce(max(${added("weight")}), 0), coalesce(max(${added("opened")}), 0)
      from (${rows}) as changed where resolved is null and acceptance is null
      group by host, subject
      having sum(sign) <> 0 or sum(${failing(0)}) <> 0 or sum(${failing(1)}) <> 0 or sum(${failing(2)}) <> 0
        or sum(${failing(3)}) <> 0 or sum(${failing(4)}) <> 0
      on conflict (host, subject) do update set
        findings = open_subject.findings + excluded.findings,
        info = open_subject.info + excluded.info, low = open_subject.low + excluded.low,
        medium = open_subject.medium + excluded.medium, high = open_subject.high + excluded.high,
        critical = open_subject.critical + excluded.critical, risk = open_subject.risk + excluded.risk,
        worst = case when excluded.worst > open_subject.worst then excluded.worst else open_subject.worst end,
        newest = case when excluded.newest > open_subject.newest then excluded.newest else open_subject.newest end`,
    empty: "open_subject where findings = 0",
    // What is left when the worst is gone was counted nowhere. `+ 0`: else PostgreSQL may walk the index of all weights.
    taken: (rows) => `
      update open_subject set (worst, newest) = (
        select coalesce(max(weight + 0), 0), coalesce(max(opened + 0), 0) from finding
        where finding.host = open_subject.host and finding.subject = open_subject.subject
          and resolved is null and acceptance is null
      ) from (
        select host, subject, max(weight) as weight, max(opened) as opened from (${rows}) as each
        where resolved is null and acceptance is null group by host, subject
      ) as changed
      where open_subject.host = changed.host and open_subject.subject = changed.subject
        and (changed.weight >= open_subject.worst or changed.opened >= open_subject.newest)`,
  },
  {
    put: (rows) => `
      insert into day_count (host, day, severity, net)
      select host, day, severity, sum(sign) from (
        select host, opened / ${day} as day, severity, sign from (${rows}) as began
        where verdict = 'fail' and acceptance is null
        union all
        select host, resolved / ${day} as day, severity, -sign from (${rows}) as ended
        where verdict = 'fail' and acceptance is null and resolved is not null
      ) as changed
      group by host, day, severity having sum(sign) <> 0
      on conflict (host, day, severity) do update set net = day_count.net + excluded.net`,
    empty: "day_count where net = 0",
  },
];

/** Whether rows are added by the event, and taken away. */
const triggers = [
  { name: "inserted", on: "insert", adds: true, takes: false },
  { name: "updated", on: "update", adds: true, takes: true },
  { name: "deleted", on: "delete", adds: false, takes: true },
] as const;

export function countTriggers(dialect: Dialect): readonly string[] {
  return dialect === "postgres" ? ofStatements() : ofRows();
}

/** Once a statement, however many rows it changes (https://www.postgresql.org/docs/current/sql-createtrigger.html). */
function ofStatements(): readonly string[] {
  const news = { table: "new table as new_rows", rows: "select new_rows.*, 1 as sign from new_rows" };
  const olds = { table: "old table as old_rows", rows: "select old_rows.*, -1 as sign from old_rows" };
  return triggers.flatMap(({ name, on, adds, takes }) => {
    const sides = [...(adds ? [news] : []), ...(takes ? [olds] : [])];
    const rows = sides.map((side) => side.rows).join(" union all ");
    const statements = tallies.flatMap(({ put, empty, taken }) => [
      put(rows),
      ...(takes ? [`delete from ${empty} and host in (select host from old_rows)`] : []),
      // Planned each time: what was planned while the table was empty would be kept, and would read all of it.
      ...(takes && taken ? [`execute $each$ ${taken(rows)} $each$`] : []),
    ]);
    return [
      `create function count_${name}() returns trigger language plpgsql as $count$
       begin ${statements.join("; ")}; return null; end $count$`,
      `create trigger count_${name} after ${on} on finding
       referencing ${sides.map(({ table }) => table).join(" ")} for each statement execute function count_${name}()`,
    ];
  });
}

const counted = [
  ...["host", "subject", "control", "area", "severity", "weight", "verdict", "acceptance", "opened"],
  "resolved",
];

/** Once a row: SQLite has no others (https://www.sqlite.org/lang_createtrigger.html). */
function ofRows(): readonly string[] {
  const row = (of: "new" | "old", sign: 1 | -1) =>
    `select ${counted.map((column) => `${of}.${column} as ${column}`).join(", ")}, ${sign} as sign`;
  return triggers.map(({ name, on, adds, takes }) => {
    const rows = [...(adds ? [row("new", 1)] : []), ...(takes ? [row("old", -1)] : [])].join(" union all ");
    const statements = tallies.flatMap(({ put, empty, taken }) => [
      put(rows),
      ...(takes ? [`delete from ${empty} and host = old.host`] : []),
      ...(takes && taken ? [taken(rows)] : []),
    ]);
    const event = on === "update" ? `update of ${counted.join(", ")}` : on;
    return `create trigger count_${name} after ${event} on finding begin ${statements.join("; ")}; end`;
  });
}
