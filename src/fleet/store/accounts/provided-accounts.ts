import type { FleetDatabase } from "../open.ts";
import { hold } from "../postgres.ts";
import { setAccountSight } from "../teams/teams.ts";
import { type Account, closeSessions, roleOf } from "./accounts.ts";
import type { Role } from "./roles.ts";

/** Somebody whom a provider signed in. */
export interface Person {
  readonly issuer: string;
  /** What the provider calls the person for ever. */
  readonly subject: string;
  readonly name: string;
  readonly role: Role;
  /** Names of the teams whose hosts the person sees; undefined: an administrator says in Settings what they see. */
  readonly teams: readonly string[] | undefined;
}

export interface Admitted {
  readonly account: Account;
  readonly isNew: boolean;
  /** The role that the account had before; undefined if it is the same. */
  readonly formerRole: Role | undefined;
}

/**
 * The account of a person, made at the first sign-in. The provider decides over the role each time, also over that of the last
 * administrator. `"taken"` where another account has the name: a name alone proves nothing.
 */
export async function admit(
  database: FleetDatabase,
  person: Person,
  now: number,
): Promise<Admitted | "taken"> {
  return await database.transaction().execute(async (step) => {
    await hold(step, "accounts");
    const admitted = await accountFor(step, person, now);
    if (admitted !== "taken" && person.teams !== undefined) {
      await setAccountSight(step, admitted.account.id, await teamsNamed(step, person.teams));
    }
    return admitted;
  });
}

async function accountFor(
  step: FleetDatabase,
  { issuer, subject, name, role }: Person,
  now: number,
): Promise<Admitted | "taken"> {
  const known = await step
    .selectFrom("account")
    .select(["id", "name", "role"])
    .where("issuer", "=", issuer)
    .where("subject", "=", subject)
    .executeTakeFirst();
  if (known) {
    const before = roleOf(known.role);
    if (before !== role) await step.updateTable("account").set({ role }).where("id", "=", known.id).execute();
    const account = { id: known.id, name: known.name, role };
    return { account, isNew: false, formerRole: before === role ? undefined : before };
  }
  const there = await step.selectFrom("account").select("id").where("name", "=", name).executeTakeFirst();
  if (there) return "taken";
  const { id } = await step
    .insertInto("account")
    .values({ name, role, password: "", created: now, issuer, subject })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { account: { id, name, role }, isNew: true, formerRole: undefined };
}

async function teamsNamed(step: FleetDatabase, names: readonly string[]): Promise<readonly number[]> {
  if (names.length === 0) return [];
  const rows = await step
    .selectFrom("team")
    .select("id")
    .where("name", "in", [...names])
    .execute();
  return rows.map(({ id }) => id);
}

/** Ends the sessions and tokens of a person who has no role any more. Gives the account's name; undefined if there is none. */
export async function shutOut(
  database: FleetDatabase,
  { issuer, subject }: Pick<Person, "issuer" | "subject">,
): Promise<string | undefined> {
  const known = await database
    .selectFrom("account")
    .select(["id", "name"])
    .where("issuer", "=", issuer)
    .where("subject", "=", subject)
    .executeTakeFirst();
  if (!known) return undefined;
  await closeSessions(database, known.id);
  await database.deleteFrom("api_token").where("account", "=", known.id).execute();
  return known.name;
}

/** Whether a provider signs this account in. */
export async function isProvided(database: FleetDatabase, id: number): Promise<boolean> {
  const row = await database
    .selectFrom("account")
    .select("id")
    .where("id", "=", id)
    .where("issuer", "is not", null)
    .executeTakeFirst();
  return row !== undefined;
}
