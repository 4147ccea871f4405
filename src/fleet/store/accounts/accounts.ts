import { atOnce, type FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import type { Sight } from "../teams/sight.ts";
import { accountSight } from "../teams/teams.ts";
import { type Role, roles } from "./roles.ts";

export interface Account {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
}

/** An account with the hosts that it sees. */
export interface Asker extends Account {
  readonly sight: Sight;
}

export function roleOf(text: string): Role {
  // Whatever else somebody wrote into the database may least.
  return roles.find((role) => role === text) ?? "viewer";
}

export async function hasAccounts(database: FleetDatabase): Promise<boolean> {
  const row = await database.selectFrom("account").select("id").limit(1).executeTakeFirst();
  return row !== undefined;
}

export async function listAccounts(database: FleetDatabase) {
  const [rows, teams] = await Promise.all([
    database
      .selectFrom("account")
      .leftJoin("session", "session.account", "account.id")
      .select((select) => [
        "account.id",
        "account.name",
        "account.role",
        "account.created",
        "account.sees_all",
        "account.issuer",
        "account.second_step",
        select.fn.max("session.used").as("used"),
      ])
      .groupBy([
        "account.id",
        "account.name",
        "account.role",
        "account.created",
        "account.sees_all",
        "account.issuer",
        "account.second_step",
      ])
      .orderBy("account.name")
      .execute(),
    database.selectFrom("account_team").selectAll().execute(),
  ]);
  return rows.map(({ used, role, sees_all, second_step, ...row }) => ({
    ...row,
    role: roleOf(role),
    hasSecondStep: second_step !== null,
    lastSeen: used === null ? null : Number(used),
    /** Null: it sees every host. */
    teams: sees_all === 1 ? null : teams.filter(({ account }) => account === row.id).map(({ team }) => team),
  }));
}

/** The account of this name with its password's hash; who signs in by a provider has none. */
export async function accountNamed(
  database: FleetDatabase,
  name: string,
): Promise<(Account & { readonly password: string }) | undefined> {
  const row = await database
    .selectFrom("account")
    .select(["id", "name", "role", "password"])
    .where("name", "=", name)
    .where("issuer", "is", null)
    .executeTakeFirst();
  return row && { ...row, role: roleOf(row.role) };
}

/** Gives an account with a password a new one, and ends its sessions. False if there is none such. */
export async function setPassword(database: FleetDatabase, id: number, password: string): Promise<boolean> {
  return await atOnce(database, async (step) => {
    const { numUpdatedRows } = await step
      .updateTable("account")
      .set({ password })
      .where("id", "=", id)
      .where("issuer", "is", null)
      .executeTakeFirst();
    if (numUpdatedRows > 0n) await closeSessions(step, id);
    return numUpdatedRows > 0n;
  });
}

/** Changes a role. False if that would leave nobody who administers, or where there is no such account. */
export async function setRole(database: FleetDatabase, id: number, role: Role): Promise<boolean> {
  return await database.transaction().execute(async (step) => {
    await hold(step, "accounts");
    if (role !== "administrator" && (await isLastAdministrator(step, id))) return false;
    const { numUpdatedRows } = await step
      .updateTable("account")
      .set({ role })
      .where("id", "=", id)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  });
}

/** Removes an account with its sessions. False if nobody would be left who administers. */
export async function removeAccount(database: FleetDatabase, id: number): Promise<boolean> {
  return await database.transaction().execute(async (step) => {
    await hold(step, "accounts");
    if (await isLastAdministrator(step, id)) return false;
    const { numDeletedRows } = await step.deleteFrom("account").where("id", "=", id).executeTakeFirst();
    return numDeletedRows > 0n;
  });
}

async function isLastAdministrator(database: FleetDatabase, id: number): Promise<boolean> {
  const rows = await database
    .selectFrom("account")
    .select("id")
    .where("role", "=", "administrator")
    .limit(2)
    .execute();
  return rows.length === 1 && rows[0]?.id === id;
}

export async function openSession(
  database: FleetDatabase,
  session: {
    readonly token: string;
    readonly account: number;
    readonly agent: string;
    readonly address: string;
    readonly now: number;
  },
): Promise<void> {
  const { now, ...row } = session;
  await database
    .insertInto("session")
    .values({ ...row, created: now, used: now })
    .execute();
}

export interface SessionLimits {
  /** Milliseconds that a session lasts without being used. */
  readonly idle: number;
  /** Milliseconds that it lasts at most. */
  readonly whole: number;
  /** The same for an account of a provider, which is asked for the role at each sign-in. */
  readonly provided: number;
}

/** The sessions that are not over, with their accounts. */
function sessionsNow(database: FleetDatabase, { idle, whole, provided }: SessionLimits, now: number) {
  return database
    .selectFrom("session")
    .innerJoin("account", "account.id", "session.account")
    .where("session.used", ">", now - idle)
    .where("session.created", ">", now - whole)
    .where((where) =>
      where.or([where("account.issuer", "is", null), where("session.created", ">", now - provided)]),
    );
}

/** The account of a session; undefined if it is unknown or has ended. Only use makes it last longer. */
export async function sessionAccount(
  database: FleetDatabase,
  token: string,
  limits: SessionLimits,
  now: number,
  { isUse = true }: { readonly isUse?: boolean } = {},
): Promise<Asker | undefined> {
  const row = await sessionsNow(database, limits, now)
    .select(["account.id", "account.name", "account.role", "account.sees_all", "session.used"])
    .where("session.token", "=", token)
    .executeTakeFirst();
  if (!row) return undefined;
  // Once a minute is exact enough, and a page asks many times.
  if (isUse && row.used < now - 60_000) {
    await database.updateTable("session").set({ used: now }).where("token", "=", token).execute();
  }
  const { id, name, role } = row;
  return { id, name, role: roleOf(role), sight: await accountSight(database, row) };
}

export async function closeSession(database: FleetDatabase, token: string): Promise<void> {
  await database.deleteFrom("session").where("token", "=", token).execute();
}

export interface Session {
  /** Names it to its owner, and opens nothing. */
  readonly id: string;
  readonly agent: string;
  /** Where it signed in from. */
  readonly address: string;
  readonly created: number;
  readonly used: number;
  /** When it ends if nobody uses it. */
  readonly ends: number;
}

/** The sessions of an account that are not over, the latest used first. */
export async function listSessions(
  database: FleetDatabase,
  account: number,
  limits: SessionLimits,
  now: number,
): Promise<readonly Session[]> {
  const rows = await sessionsNow(database, limits, now)
    .select([
      "session.token",
      "session.agent",
      "session.address",
      "session.created",
      "session.used",
      "account.issuer",
    ])
    .where("session.account", "=", account)
    .orderBy("session.used", "desc")
    .execute();
  return rows.map(({ token, issuer, ...row }) => ({
    id: sessionId(token),
    ...row,
    ends: Math.min(row.used + limits.idle, row.created + (issuer === null ? limits.whole : limits.provided)),
  }));
}

/** What a session is called where its token must not be told. */
export function sessionId(token: string): string {
  return token.slice(0, 16);
}

/** Ends one session of an account. False if it has none of this id. */
export async function closeSessionOf(database: FleetDatabase, account: number, id: string): Promise<boolean> {
  const rows = await database.selectFrom("session").select("token").where("account", "=", account).execute();
  const found = rows.find(({ token }) => sessionId(token) === id);
  if (found) await closeSession(database, found.token);
  return found !== undefined;
}

/** Ends every session of an account. */
export async function closeSessions(database: FleetDatabase, account: number): Promise<void> {
  await database.deleteFrom("session").where("account", "=", account).execute();
}

export async function forgetSessions(
  database: FleetDatabase,
  { idle, whole }: SessionLimits,
  now: number,
): Promise<void> {
  await database
    .deleteFrom("session")
    .where((where) => where.or([where("used", "<=", now - idle), where("created", "<=", now - whole)]))
    .execute();
}
