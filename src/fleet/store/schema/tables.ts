import { countTables, countTriggers, type Dialect, inDialect } from "./counts.ts";

/** The version of the schema. It is raised when the schema changes, with the statements that bring an older database to it. */
export const schemaVersion = 7;

/**
 * What makes the schema, for what `bulkhead serve` keeps and for the history of `bulkhead watch`, which is the same with one host
 * in it. Times are milliseconds since 1970, flags are 0 or 1, documents are JSON as text. `schema.ts` says what each column is.
 */
export function schemaStatements(dialect: Dialect): readonly string[] {
  return [
    ...tables.map((text) => inDialect(text, dialect)),
    dialect === "postgres"
      ? "create table change_other partition of change default"
      : "create index change_time on change (time)",
    ...countTables(dialect),
    ...countTriggers(dialect),
  ];
}

const tables: readonly string[] = [
  `create table host (id text primary key, name text not null, engine text not null, version text not null,
    connected NUMBER not null, seen NUMBER not null, enrolled NUMBER not null, labels text not null default '{}',
    told_labels text not null default '{}', pinned text, allows text not null default '[]')`,
  // Which hosts are silent is asked every half a minute.
  "create index host_seen on host (seen)",
  `create table container (host HOST, name text not null, image text, project text, running NUMBER not null,
    primary key (host, name))`,

  `create table finding (id ID, host HOST, subject text not null, control text not null, area text not null,
    severity text not null, weight NUMBER not null, verdict text not null, message text not null,
    wording text not null default '', fingerprint text not null, document text not null, opened NUMBER not null,
    changed NUMBER not null, resolved NUMBER, acceptance NUMBER, worsened NUMBER, accepted NUMBER)`,
  "create unique index finding_open on finding (host, subject, control) where resolved is null",
  // The order of the list of findings, and the newest of a control.
  "create index finding_worst on finding (weight desc, opened desc, id desc) where resolved is null",
  "create index finding_wording on finding (wording, weight desc, opened desc, id desc) where resolved is null",
  "create index finding_control on finding (control, opened) where resolved is null",
  "create index finding_opened on finding (opened) where resolved is null",
  "create index finding_resolved on finding (resolved) where resolved is not null",
  "create index finding_worsened on finding (worsened) where worsened is not null and resolved is null",
  "create index finding_acceptance on finding (acceptance) where acceptance is not null",
  `create table change (id CHANGE_ID, finding NUMBER not null references finding (id) on delete cascade,
    time NUMBER not null, change text not null, severity text not null, verdict text not null, message text not null,
    cause text not null, held NUMBER not null default 0 CHANGE_END`,
  "create index change_finding on change (finding)",
  "create index change_held on change (held) where held = 1",
  `create table assignment (finding NUMBER primary key references finding (id) on delete cascade, assignee text not null,
    due text, comment text not null, author text not null, time NUMBER not null)`,
  "create index assignment_assignee on assignment (assignee)",
  `create table silence (id SERIAL, kind text not null, control text not null, subject text not null,
    severity text not null, reason text not null, author text not null, since NUMBER not null, until NUMBER, ended NUMBER,
    ended_by text)`,
  `create table acceptance (id ID, scope text not null, control text not null, host text, subject text, image text,
    project text, team NUMBER, reason text not null, until text not null, author text not null, author_id NUMBER not null,
    created NUMBER not null, reviewer text, waits NUMBER not null, ended NUMBER)`,

  `create table reporter (host text primary key references host (id) on delete cascade, key text not null unique,
    enrolment NUMBER, last NUMBER not null, last_guards NUMBER not null default 0, last_proofs NUMBER not null default 0)`,
  `create table enrolment (id ID, token text not null unique, author text not null, author_id NUMBER, created NUMBER not null,
    expires NUMBER not null, labels text)`,
  `create table portrait (host text primary key references host (id) on delete cascade, taken NUMBER not null,
    document text not null)`,
  `create table cis_score (host HOST, day NUMBER not null, passed NUMBER not null, failed NUMBER not null,
    primary key (host, day))`,
  "create index cis_score_day on cis_score (day)",
  `create table setting_change (id ID, host HOST, time NUMBER not null, "group" text not null, name text not null,
    before text, after text)`,
  "create index setting_change_host on setting_change (host, time)",
  "create table guard (host HOST, log text not null, document text, seen NUMBER, primary key (host, log))",
  `create table decision_count (host HOST, hour NUMBER not null, kind text not null, log text not null,
    client text not null, route text, verdict text not null, mode text not null, rules text not null, object text not null,
    times NUMBER not null, primary key (host, hour, kind))`,
  "create index decision_count_hour on decision_count (hour)",
  `create table decision (id ID, host HOST, time NUMBER not null, log text not null, client text not null, route text,
    verdict text not null, rules text not null, document text not null)`,
  "create index decision_host on decision (host, time)",
  "create index decision_time on decision (time)",
  // Hosts know jobs by their numbers, so the number of a removed job is never used again.
  `create table job (id SERIAL, host HOST, container text not null, kind text not null, seconds NUMBER,
    author text not null, asked NUMBER not null, started NUMBER, ended NUMBER, trouble text, probes text, report text)`,
  "create index job_container on job (host, container, id)",
  "create index job_asked on job (asked)",
  `create table proof (host HOST, container text not null, tried NUMBER not null, trouble text, proven NUMBER, probes text,
    primary key (host, container))`,
  "create index proof_tried on proof (tried)",
  `create table proof_span (id ID, host HOST, subject text not null, probe text not null, control text not null,
    outcome text not null, evidence text not null, first_seen NUMBER not null, last_seen NUMBER not null)`,
  "create index proof_span_latest on proof_span (host, subject, probe, id)",

  // Links and tokens know who made them, so the number of a removed account is never used again.
  `create table account (id SERIAL, name text not null unique, role text not null, password text not null,
    created NUMBER not null, issuer text, subject text, sees_all NUMBER not null default 1, second_step text)`,
  "create unique index account_subject on account (issuer, subject) where issuer is not null",
  `create table saved_view (account NUMBER not null references account (id) on delete cascade, name text not null,
    filters text not null, primary key (account, name))`,
  `create table session (token text primary key, account NUMBER not null references account (id) on delete cascade,
    created NUMBER not null, used NUMBER not null, agent text not null, address text not null)`,
  `create table invitation (id ID, token text not null unique, account NUMBER references account (id) on delete cascade,
    role text not null, author text not null, author_id NUMBER, created NUMBER not null, expires NUMBER not null, teams text)`,
  "create table attempt (key text primary key, failures NUMBER not null, until NUMBER not null)",
  `create table audit_log (id NUMBER primary key, time NUMBER not null, who text not null, what text not null,
    detail text not null, previous text not null, hash text not null)`,
  "create table setting (name text primary key, value text not null)",
  `create table api_token (id ID, token text not null unique,
    account NUMBER not null references account (id) on delete cascade, name text not null, scopes text not null,
    created NUMBER not null, expires NUMBER not null, used NUMBER, sees_all NUMBER not null default 1)`,
  // A link to join may still name a team that was removed.
  "create table team (id SERIAL, name text not null unique, labels text not null, created NUMBER not null)",
  ...[
    ["team_host", "host", "HOST"],
    ["account_team", "account", "NUMBER not null references account (id) on delete cascade"],
    ["token_team", "token", "NUMBER not null references api_token (id) on delete cascade"],
  ].flatMap(([table, member, type]) => [
    `create table ${table} (team NUMBER not null references team (id) on delete cascade, ${member} ${type},
      primary key (team, ${member}))`,
    `create index ${table}_${member} on ${table} (${member})`,
  ]),

  `create table notification_rule (id SERIAL, name text not null unique, kind text not null,
    team NUMBER references team (id) on delete cascade, severity text not null, controls text not null,
    labels text not null, type text not null, target text not null, secret text, token text, facility text,
    author text not null, created NUMBER not null, due NUMBER not null, failures NUMBER not null, trouble text, told NUMBER,
    sent NUMBER not null, lost NUMBER not null, measured NUMBER not null default 0, paused NUMBER not null default 0)`,
  `create table notification (id ID, rule NUMBER not null references notification_rule (id) on delete cascade,
    finding NUMBER not null, host text not null, record text not null)`,
  "create index notification_rule_order on notification (rule, id)",
];
