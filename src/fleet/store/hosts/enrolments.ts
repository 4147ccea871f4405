import { createHash } from "node:crypto";
import type { Labels } from "../../../base/labels.ts";
import { type Author, mayStillGive, onTheServer } from "../accounts/invitations.ts";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import { labelsText, parseLabels } from "../teams/sight.ts";
import { pinLabels } from "../teams/teams.ts";
import { type HostNews, putHost } from "./hosts.ts";

/** Lets hosts enrol by a token until it expires; `token` is the SHA-256 of what they are given. */
export async function allowEnrolment(
  database: FleetDatabase,
  {
    labels = null,
    author = onTheServer,
    now = Date.now(),
    token,
    expires,
  }: {
    readonly token: string;
    /** Default: anyone who can start commands on the server. */
    readonly author?: Author;
    readonly now?: number;
    readonly expires: number;
    /** What its hosts are, whatever they tell; null: what they tell. */
    readonly labels?: Labels | null;
  },
): Promise<void> {
  const row = {
    ...{ author: author.name, author_id: author.id, created: now, expires },
    labels: labels && labelsText(labels),
  };
  await database
    .insertInto("enrolment")
    .values({ token, ...row })
    // The token of a file is the same at each start.
    .onConflict((conflict) => conflict.column("token").doUpdateSet(row))
    .execute();
}

/** Removes tokens that ended before and made no host that is there. */
export async function forgetEnrolments(database: FleetDatabase, before: number): Promise<void> {
  await database
    .deleteFrom("enrolment")
    .where("expires", "<", before)
    .where(({ not, exists, selectFrom }) =>
      not(exists(selectFrom("reporter").select("host").whereRef("reporter.enrolment", "=", "enrolment.id"))),
    )
    .execute();
}

/** The tokens that can be used or made hosts that are there, the newest first, with those hosts. */
export async function listEnrolments(database: FleetDatabase, now: number) {
  const [rows, hosts] = await Promise.all([
    database
      .selectFrom("enrolment")
      .select((select) => [
        ...(["id", "author", "created", "expires", "labels"] as const),
        select
          .case()
          .when(mayStillGive("enrolment")(select as never))
          .then(1)
          .else(0)
          .end()
          .as("alive"),
      ])
      .orderBy("created", "desc")
      .execute(),
    database
      .selectFrom("reporter")
      .innerJoin("host", "host.id", "reporter.host")
      .select(["host.id", "host.name", "reporter.enrolment"])
      .where("reporter.enrolment", "is not", null)
      .orderBy("host.name")
      .execute(),
  ]);
  return rows
    .map(({ labels, alive, ...row }) => ({
      ...row,
      labels: labels === null ? null : parseLabels(labels),
      isOver: row.expires <= now || alive === 0,
      hosts: hosts.flatMap(({ enrolment, ...host }) => (enrolment === row.id ? [host] : [])),
    }))
    .filter(({ isOver, hosts }) => !isOver || hosts.length > 0);
}

/** Ends a token: no host enrols by it from now on. False if there is none of this number. */
export async function endEnrolment(database: FleetDatabase, id: number, now: number): Promise<boolean> {
  const { numUpdatedRows } = await database
    .updateTable("enrolment")
    .set({ expires: now })
    .where("id", "=", id)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** The hosts that a token made and that are there. */
export async function hostsOf(database: FleetDatabase, enrolment: number): Promise<readonly string[]> {
  const rows = await database
    .selectFrom("reporter")
    .select("host")
    .where("enrolment", "=", enrolment)
    .execute();
  return rows.map(({ host }) => host);
}

/** Whether hosts can enrol by this token. */
export async function isEnrolmentToken(
  database: FleetDatabase,
  token: string,
  now: number,
): Promise<boolean> {
  const row = await database
    .selectFrom("enrolment")
    .select("id")
    .where("token", "=", token)
    .where("expires", ">", now)
    .where(mayStillGive("enrolment"))
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Enrols the host that made this key, of which the SHA-256 is given. Its id follows from the key, so no host can take another's.
 * The same again is the same host. Undefined if there is no such token, or it expired.
 */
export async function enrol(
  database: FleetDatabase,
  {
    token,
    key,
    host,
    now,
  }: {
    readonly token: string;
    readonly key: string;
    readonly host: Omit<HostNews, "id">;
    readonly now: number;
  },
): Promise<{ readonly id: string; readonly isNew: boolean } | undefined> {
  const id = createHash("sha256").update(`bulkhead host key ${key}`).digest("hex").slice(0, 32);
  return await atOnce(database, async (step) => {
    const enrolment = await step
      .selectFrom("enrolment")
      .select(["id", "labels"])
      .where("token", "=", token)
      .where("expires", ">", now)
      .where(mayStillGive("enrolment"))
      .executeTakeFirst();
    if (!enrolment) return undefined;
    await hold(step, `host ${id}`);
    const known = await step.selectFrom("reporter").select("host").where("key", "=", key).executeTakeFirst();
    if (known) return { id, isNew: false };
    await putHost(step, { ...host, id }, now);
    if (enrolment.labels !== null) await pinLabels(step, id, parseLabels(enrolment.labels), now);
    await step.insertInto("reporter").values({ host: id, key, enrolment: enrolment.id, last: 0 }).execute();
    return { id, isNew: true };
  });
}
