import { type Kysely, type Migration, sql } from "kysely";
import { wordings } from "../findings/wording.ts";
import { guards } from "../guards/migration.ts";
import { jobs } from "../jobs/migration.ts";
import { notifications, pauses, telemetry } from "../notifications/migration.ts";
import { proofs } from "../proofs/migration.ts";
import { pinnedLabels, teams } from "../teams/migration.ts";
import { counts, worstAndNewest } from "./migrate-counts.ts";
import { historyInMonths } from "./months.ts";
import type { Spelling } from "./spelling.ts";

/**
 * The steps that make the schema, by name, in the order of their names. A step that was released is never changed.
 */
export function fleetMigrations(spelling: Spelling): Readonly<Record<string, Migration>> {
  return {
    "001-hosts-findings-accounts": { up: (database) => first(database, spelling) },
    "002-acceptances": { up: (database) => acceptances(database, spelling) },
    "003-api-tokens": { up: (database) => apiTokens(database, spelling) },
    "004-hosts-that-report": { up: (database) => reporters(database, spelling) },
    "005-teams": { up: (database) => teams(database, spelling) },
    "006-notifications": { up: (database) => notifications(database, spelling) },
    "007-single-sign-on": { up: singleSignOn },
    "008-portraits-of-hosts": { up: (database) => portraits(database, spelling) },
    "009-counts": { up: (database) => counts(database, spelling) },
    "010-history-in-months": { up: (database) => historyInMonths(database) },
    "011-guards": { up: (database) => guards(database, spelling) },
    "012-telemetry": { up: (database) => telemetry(database, spelling) },
    "013-wordings": { up: wordings },
    "014-worst-and-newest-of-subjects": { up: (database) => worstAndNewest(database, spelling) },
    "015-paused-notifications": { up: (database) => pauses(database, spelling) },
    "016-pinned-labels": { up: pinnedLabels },
    "017-jobs": { up: (database) => jobs(database, spelling) },
    "018-proofs": { up: (database) => proofs(database, spelling) },
  };
}

async function first(database: Kysely<unknown>, { id, number }: Spelling): Promise<void> {
  const { schema } = database;
  await schema
    .createTable("host")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("engine", "text", (column) => column.notNull())
    .addColumn("version", "text", (column) => column.notNull())
    .addColumn("connected", number, (column) => column.notNull())
    .addColumn("seen", number, (column) => column.notNull())
    .addColumn("enrolled", number, (column) => column.notNull())
    .execute();
  await schema
    .createTable("container")
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("image", "text")
    .addColumn("project", "text")
    .addColumn("running", number, (column) => column.notNull())
    .addPrimaryKeyConstraint("container_key", ["host", "name"])
    .execute();
  await schema
    .createTable("finding")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("control", "text", (column) => column.notNull())
    .addColumn("area", "text", (column) => column.notNull())
    .addColumn("severity", "text", (column) => column.notNull())
    .addColumn("weight", number, (column) => column.notNull())
    .addColumn("verdict", "text", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addColumn("fingerprint", "text", (column) => column.notNull())
    .addColumn("document", "text", (column) => column.notNull())
    .addColumn("opened", number, (column) => column.notNull())
    .addColumn("changed", number, (column) => column.notNull())
    .addColumn("resolved", number)
    .execute();
  await schema
    .createIndex("finding_open")
    .on("finding")
    .unique()
    .columns(["host", "subject", "control"])
    .where(sql.ref("resolved"), "is", null)
    .execute();
  await schema.createIndex("finding_resolved").on("finding").columns(["resolved"]).execute();
  await schema
    .createTable("change")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("finding", number, (column) => column.notNull().references("finding.id").onDelete("cascade"))
    .addColumn("time", number, (column) => column.notNull())
    .addColumn("change", "text", (column) => column.notNull())
    .addColumn("severity", "text", (column) => column.notNull())
    .addColumn("verdict", "text", (column) => column.notNull())
    .addColumn("message", "text", (column) => column.notNull())
    .addColumn("cause", "text", (column) => column.notNull())
    .execute();
  await schema.createIndex("change_finding").on("change").columns(["finding"]).execute();
  await schema.createIndex("change_time").on("change").columns(["time"]).execute();
  await schema
    .createTable("account")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull().unique())
    .addColumn("role", "text", (column) => column.notNull())
    .addColumn("password", "text", (column) => column.notNull())
    .addColumn("created", number, (column) => column.notNull())
    .execute();
  await schema
    .createTable("session")
    .addColumn("token", "text", (column) => column.primaryKey())
    .addColumn("account", number, (column) => column.notNull().references("account.id").onDelete("cascade"))
    .addColumn("created", number, (column) => column.notNull())
    .addColumn("used", number, (column) => column.notNull())
    .addColumn("agent", "text", (column) => column.notNull())
    .execute();
  await schema
    .createTable("invitation")
    .addColumn("token", "text", (column) => column.primaryKey())
    .addColumn("role", "text", (column) => column.notNull())
    .addColumn("expires", number, (column) => column.notNull())
    .execute();
  await schema
    .createTable("attempt")
    .addColumn("key", "text", (column) => column.primaryKey())
    .addColumn("failures", number, (column) => column.notNull())
    .addColumn("until", number, (column) => column.notNull())
    .execute();
  await schema
    .createTable("audit_log")
    .addColumn("id", number, (column) => column.primaryKey())
    .addColumn("time", number, (column) => column.notNull())
    .addColumn("who", "text", (column) => column.notNull())
    .addColumn("what", "text", (column) => column.notNull())
    .addColumn("detail", "text", (column) => column.notNull())
    .addColumn("previous", "text", (column) => column.notNull())
    .addColumn("hash", "text", (column) => column.notNull())
    .execute();
}

async function acceptances(
  { schema }: Pick<Kysely<unknown>, "schema">,
  { id, number }: Spelling,
): Promise<void> {
  await schema
    .createTable("acceptance")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("scope", "text", (column) => column.notNull())
    .addColumn("control", "text", (column) => column.notNull())
    .addColumn("host", "text")
    .addColumn("subject", "text")
    .addColumn("image", "text")
    .addColumn("project", "text")
    .addColumn("reason", "text", (column) => column.notNull())
    .addColumn("until", "text", (column) => column.notNull())
    .addColumn("author", "text", (column) => column.notNull())
    .addColumn("author_id", number, (column) => column.notNull())
    .addColumn("created", number, (column) => column.notNull())
    .addColumn("reviewer", "text")
    .addColumn("waits", number, (column) => column.notNull())
    .addColumn("ended", number)
    .execute();
  await schema.alterTable("finding").addColumn("acceptance", number).execute();
  await schema
    .createIndex("finding_acceptance")
    .on("finding")
    .columns(["acceptance"])
    .where(sql.ref("acceptance"), "is not", null)
    .execute();
  await schema
    .createTable("setting")
    .addColumn("name", "text", (column) => column.primaryKey())
    .addColumn("value", "text", (column) => column.notNull())
    .execute();
}

async function apiTokens(
  { schema }: Pick<Kysely<unknown>, "schema">,
  { id, number }: Spelling,
): Promise<void> {
  await schema
    .createTable("api_token")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("token", "text", (column) => column.notNull().unique())
    .addColumn("account", number, (column) => column.notNull().references("account.id").onDelete("cascade"))
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("created", number, (column) => column.notNull())
    .addColumn("expires", number, (column) => column.notNull())
    .addColumn("used", number)
    .execute();
}

async function reporters({ schema }: Kysely<unknown>, { number }: Spelling): Promise<void> {
  await schema
    .createTable("enrolment")
    .addColumn("token", "text", (column) => column.primaryKey())
    .addColumn("author", "text", (column) => column.notNull())
    .addColumn("expires", number, (column) => column.notNull())
    .execute();
  await schema
    .createTable("reporter")
    .addColumn("host", "text", (column) => column.primaryKey().references("host.id").onDelete("cascade"))
    .addColumn("key", "text", (column) => column.notNull().unique())
    .addColumn("last", number, (column) => column.notNull())
    .execute();
  // Who is silent is asked every half a minute.
  await schema.createIndex("host_seen").on("host").columns(["seen"]).execute();
}

async function singleSignOn({ schema }: Kysely<unknown>): Promise<void> {
  await schema.alterTable("account").addColumn("issuer", "text").execute();
  await schema.alterTable("account").addColumn("subject", "text").execute();
  await schema
    .createIndex("account_subject")
    .on("account")
    .unique()
    .columns(["issuer", "subject"])
    .where(sql.ref("issuer"), "is not", null)
    .execute();
}

async function portraits({ schema }: Kysely<unknown>, { id, number }: Spelling): Promise<void> {
  await schema
    .createTable("portrait")
    .addColumn("host", "text", (column) => column.primaryKey().references("host.id").onDelete("cascade"))
    .addColumn("taken", number, (column) => column.notNull())
    .addColumn("document", "text", (column) => column.notNull())
    .execute();
  await schema
    .createTable("setting_change")
    .addColumn("id", id, (column) => column.primaryKey())
    .addColumn("host", "text", (column) => column.notNull().references("host.id").onDelete("cascade"))
    .addColumn("time", number, (column) => column.notNull())
    .addColumn("group", "text", (column) => column.notNull())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("before", "text")
    .addColumn("after", "text")
    .execute();
  await schema.createIndex("setting_change_host").on("setting_change").columns(["host", "time"]).execute();
}
