import type { Expression, ExpressionBuilder, SqlBool } from "kysely";
import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import type { FleetSchema } from "../schema/schema.ts";
import type { Sight } from "../teams/sight.ts";
import { setAccountSight } from "../teams/teams.ts";
import { type Account, roleOf, setPassword } from "./accounts.ts";
import type { Role } from "./roles.ts";

// Links that somebody is given: each makes one account, or gives one a new password, once.

/** Who makes a link or a token: an account, or anyone who can start commands on the server. */
export interface Author {
  readonly name: string;
  readonly id: number | null;
}

export const onTheServer: Author = { name: "bulkhead serve", id: null };

/** Whether who made a link or a token may still make one: it dies with that right, whatever took it away. */
export function mayStillGive<T extends "invitation" | "enrolment">(of: T) {
  return (where: ExpressionBuilder<FleetSchema, T>): Expression<SqlBool> => {
    const author = `${of}.author_id` as const;
    const any = where as unknown as ExpressionBuilder<FleetSchema, "invitation">;
    return any.or([
      any(author as "invitation.author_id", "is", null),
      any.exists(
        any
          .selectFrom("account as author")
          .select("author.id")
          .whereRef("author.id", "=", author as "invitation.author_id")
          .where("author.role", "=", "administrator"),
      ),
    ]);
  };
}

export interface NewInvitation {
  /** The SHA-256 of what the link holds. */
  readonly token: string;
  readonly role: Role;
  /** Default: anyone who can start commands on the server. */
  readonly author?: Author;
  readonly now?: number;
  readonly expires: number;
  /** What the account will see. */
  readonly sight?: Sight;
  /** The account that gets a new password; undefined: it makes an account. */
  readonly account?: number;
}

export async function invite(
  database: FleetDatabase,
  { sight = "all", author = onTheServer, now = Date.now(), account, ...invitation }: NewInvitation,
): Promise<void> {
  await database
    .insertInto("invitation")
    .values({
      ...invitation,
      account: account ?? null,
      author: author.name,
      author_id: author.id,
      created: now,
      teams: sight === "all" ? null : JSON.stringify(sight),
    })
    .execute();
}

/** The links that nobody has used, the newest first. */
export async function listInvitations(database: FleetDatabase, now: number) {
  const rows = await database
    .selectFrom("invitation")
    .leftJoin("account", "account.id", "invitation.account")
    .select([
      "invitation.id",
      "invitation.role",
      "invitation.author",
      "invitation.created",
      "invitation.expires",
      "invitation.teams",
      "account.name",
    ])
    .where("invitation.expires", ">", now)
    .where(mayStillGive("invitation"))
    .orderBy("invitation.created", "desc")
    .execute();
  return rows.map(({ name, role, teams, ...row }) => ({
    ...row,
    role: roleOf(role),
    /** The account that gets a new password; null: it makes an account. */
    account: name,
    teams: teams === null ? null : (JSON.parse(teams) as number[]),
  }));
}

/** Ends a link. False if there is none of this number. */
export async function removeInvitation(database: FleetDatabase, id: number): Promise<boolean> {
  const { numDeletedRows } = await database.deleteFrom("invitation").where("id", "=", id).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Removes links that ended before. */
export async function forgetInvitations(database: FleetDatabase, before: number): Promise<void> {
  await database.deleteFrom("invitation").where("expires", "<", before).execute();
}

/** Whether a link can be used, and for which account that there is. */
export async function invitationOf(
  database: FleetDatabase,
  token: string,
  now: number,
): Promise<{ readonly account: string | null } | undefined> {
  const row = await database
    .selectFrom("invitation")
    .leftJoin("account", "account.id", "invitation.account")
    .select("account.name")
    .where("invitation.token", "=", token)
    .where("invitation.expires", ">", now)
    .where(mayStillGive("invitation"))
    .executeTakeFirst();
  return row && { account: row.name };
}

export interface AcceptedInvitation {
  readonly token: string;
  /** Of the account that it makes. */
  readonly name: string;
  /** The hash. */
  readonly password: string;
  readonly now: number;
}

/**
 * Uses an invitation up and makes the account, or changes the password, both or neither. Undefined if the invitation was used
 * meanwhile; `"taken"` where there is an account of that name.
 */
export async function acceptInvitation(
  database: FleetDatabase,
  { token, name, password, now }: AcceptedInvitation,
): Promise<(Account & { readonly isNew: boolean }) | "taken" | undefined> {
  return await atOnce(database, async (step) => {
    await hold(step, "accounts");
    const used = await step
      .selectFrom("invitation")
      .selectAll()
      .where("token", "=", token)
      .where("expires", ">", now)
      .where(mayStillGive("invitation"))
      .executeTakeFirst();
    if (!used) return undefined;
    const end = () => step.deleteFrom("invitation").where("id", "=", used.id).execute();
    if (used.account !== null) {
      const { account } = used;
      const row = await step
        .selectFrom("account")
        .select(["id", "name", "role"])
        .where("id", "=", account)
        .executeTakeFirst();
      await end();
      if (!row || !(await setPassword(step, account, password))) return undefined;
      // The way back in for anyone who lost the app, too.
      await step.updateTable("account").set({ second_step: null }).where("id", "=", account).execute();
      return { ...row, role: roleOf(row.role), isNew: false };
    }
    const there = await step.selectFrom("account").select("id").where("name", "=", name).executeTakeFirst();
    if (there) return "taken";
    await end();
    const role = roleOf(used.role);
    const { id } = await step
      .insertInto("account")
      .values({ name, role, password, created: now })
      .returning("id")
      .executeTakeFirstOrThrow();
    if (used.teams !== null) await setAccountSight(step, id, JSON.parse(used.teams) as number[]);
    return { id, name, role, isNew: true };
  });
}
