import type { FleetDatabase } from "../open.ts";
import { narrower, type Sight } from "../teams/sight.ts";
import { accountSight, knownTeams, tokenSight } from "../teams/teams.ts";
import { type Asker, roleOf } from "./accounts.ts";
import { type TokenScope, tokenScopes } from "./roles.ts";

export interface ApiToken {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly scopes: readonly TokenScope[];
  readonly created: number;
  readonly expires: number;
  readonly used: number | null;
  /** The teams that it is limited to; null: to none. */
  readonly teams: readonly number[] | null;
}

export interface NewToken {
  /** The SHA-256 of what the program holds. */
  readonly token: string;
  readonly account: number;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly created: number;
  readonly expires: number;
  /** What it sees, as far as its account does. */
  readonly sight?: Sight;
}

export async function addToken(
  database: FleetDatabase,
  { scopes, sight = "all", ...rest }: NewToken,
): Promise<number> {
  return await database.transaction().execute(async (step) => {
    const { id } = await step
      .insertInto("api_token")
      .values({ ...rest, scopes: scopes.join(","), used: null, sees_all: Number(sight === "all") })
      .returning("id")
      .executeTakeFirstOrThrow();
    const teams = sight === "all" ? [] : await knownTeams(step, sight);
    if (teams.length > 0) {
      await step
        .insertInto("token_team")
        .values(teams.map((team) => ({ team, token: id })))
        .execute();
    }
    return id;
  });
}

/** An account's tokens, or everybody's, the newest first. */
export async function listTokens(
  database: FleetDatabase,
  account: number | undefined,
): Promise<readonly ApiToken[]> {
  let select = database
    .selectFrom("api_token")
    .innerJoin("account", "account.id", "api_token.account")
    .select([
      "api_token.id",
      "api_token.name",
      "account.name as owner",
      "api_token.scopes",
      "api_token.created",
      "api_token.expires",
      "api_token.used",
      "api_token.sees_all",
    ]);
  if (account !== undefined) select = select.where("api_token.account", "=", account);
  const rows = await select.orderBy("api_token.id", "desc").execute();
  const teams = await database.selectFrom("token_team").selectAll().execute();
  return rows.map(({ scopes, sees_all, ...row }) => ({
    ...row,
    scopes: scopesOf(scopes),
    teams: sees_all === 1 ? null : teams.filter(({ token }) => token === row.id).map(({ team }) => team),
  }));
}

/** Removes a token, where an account is named only one of its own. Gives its name; undefined if there is none. */
export async function removeToken(
  database: FleetDatabase,
  id: number,
  account: number | undefined,
): Promise<string | undefined> {
  let remove = database.deleteFrom("api_token").where("id", "=", id);
  if (account !== undefined) remove = remove.where("account", "=", account);
  return (await remove.returning("name").executeTakeFirst())?.name;
}

export interface TokenUse {
  readonly account: Asker;
  readonly scopes: readonly TokenScope[];
  /** The token's name. */
  readonly name: string;
}

/** The account of a token and its scopes; undefined if it is unknown or has expired. */
export async function tokenAccount(
  database: FleetDatabase,
  token: string,
  now: number,
): Promise<TokenUse | undefined> {
  const row = await database
    .selectFrom("api_token")
    .innerJoin("account", "account.id", "api_token.account")
    .select([
      "account.id",
      "account.name",
      "account.role",
      "account.sees_all",
      "api_token.id as tokenId",
      "api_token.name as tokenName",
      "api_token.sees_all as tokenSeesAll",
      "api_token.scopes",
      "api_token.used",
    ])
    .where("api_token.token", "=", token)
    .where("api_token.expires", ">", now)
    .executeTakeFirst();
  if (!row) return undefined;
  if (row.used === null || row.used < now - 60_000) {
    await database.updateTable("api_token").set({ used: now }).where("token", "=", token).execute();
  }
  const { id, name, role, tokenId, tokenName, tokenSeesAll, scopes } = row;
  const sight = narrower(
    await accountSight(database, row),
    await tokenSight(database, { id: tokenId, sees_all: tokenSeesAll }),
  );
  return {
    account: { id, name, role: roleOf(role), sight },
    scopes: scopesOf(scopes),
    name: tokenName,
  };
}

function scopesOf(text: string): readonly TokenScope[] {
  const said = text.split(",");
  return tokenScopes.filter((scope) => said.includes(scope));
}
