import { roleOf } from "../../store/accounts/accounts.ts";
import { type Author, invite } from "../../store/accounts/invitations.ts";
import type { FleetDatabase } from "../../store/open.ts";
import { hashToken, newToken } from "./passwords.ts";

const day = 86_400_000;

/** A link's token by which an account with a password gets a new one; undefined if there is none such. */
export async function makeReset(
  database: FleetDatabase,
  account: { readonly id: number } | { readonly name: string },
  author: Author,
): Promise<{ readonly token: string; readonly expires: number; readonly name: string } | undefined> {
  const row = await database
    .selectFrom("account")
    .select(["id", "name", "role"])
    .where("issuer", "is", null)
    .where((where) => ("id" in account ? where("id", "=", account.id) : where("name", "=", account.name)))
    .executeTakeFirst();
  if (!row) return undefined;
  const token = newToken();
  const now = Date.now();
  const expires = now + day;
  await invite(database, {
    ...{ token: hashToken(token), role: roleOf(row.role), account: row.id },
    ...{ author: { name: author.name, id: author.id }, now, expires },
  });
  return { token, expires, name: row.name };
}
