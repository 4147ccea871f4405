import { type Account, roleOf } from "./accounts.ts";
import type { FleetDatabase } from "./open.ts";
import { type TokenScope, tokenScopes } from "./roles.ts";

export interface ApiToken {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly scopes: readonly TokenScope[];
  readonly created: number;
  readonly expires: number;
  readonly used: number | null;
}

export interface NewToken {
  /** The SHA-256 of what the program holds. */
  readonly token: string;
  readonly account: number;
  readonly name: string;
  readonly scopes: readonly TokenScope[];
  readonly created: number;
  readonly expires: number;
}

export async function addToken(database: FleetDatabase, { scopes, ...rest }: NewToken): Promise<number> {
  const { id } = await database
    .insertInto("api_token")
    .values({ ...rest, scopes: scopes.join(","), used: null })
    .returning("id")
    .executeTakeFirstOrThrow();
  return id;
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
    ]);
  if (account !== undefined) select = select.where("api_token.account", "=", account);
  const rows = await select.orderBy("api_token.id", "desc").execute();
  return rows.map(({ scopes, ...row }) => ({ ...row, scopes: scopesOf(scopes) }));
}

/** Removes a token, where an account is named only one of its own. Gives its name; undefined where there is none. */
export async function removeToken(
  database: FleetDatabase,
  id: number,
  account: number | undefined,
): Promise<string | undefined> {
  let remove = database.deleteFrom("api_token").where("id", "=", id);
  if (account !== undefined) remove = remove.where("account", "=", account);
  return (await remove.returning("name").executeTakeFirst())?.name;
}

/** Whose token it is and what it may; undefined where there is none, or it is over. */
export async function tokenAccount(
  database: FleetDatabase,
  token: string,
  now: number,
): Promise<{ readonly account: Account; readonly scopes: readonly TokenScope[] } | undefined> {
  const row = await database
    .selectFrom("api_token")
    .innerJoin("account", "account.id", "api_token.account")
    .select(["account.id", "account.name", "account.role", "api_token.scopes", "api_token.used"])
    .where("api_token.token", "=", token)
    .where("api_token.expires", ">", now)
    .executeTakeFirst();
  if (!row) return undefined;
  if (row.used === null || row.used < now - 60_000) {
    await database.updateTable("api_token").set({ used: now }).where("token", "=", token).execute();
  }
  return {
    account: { id: row.id, name: row.name, role: roleOf(row.role) },
    scopes: scopesOf(row.scopes),
  };
}

function scopesOf(text: string): readonly TokenScope[] {
  const said = text.split(",");
  return tokenScopes.filter((scope) => said.includes(scope));
}
