import type { Context } from "hono";
import { appendAudit } from "../../store/accounts/audit-log.ts";
import type { Service } from "../service.ts";
import { accountOf } from "./access.ts";
import type { Carried } from "./session.ts";

/** Writes down what the account that asks has done. */
export type Log = (
  context: Context<Carried>,
  what: string,
  detail: Readonly<Record<string, unknown>>,
) => Promise<void>;

export function auditFor({ database }: Pick<Service, "database">): Log {
  return async (context, what, detail) => {
    await appendAudit(database, { who: actorOf(context), what, detail, now: Date.now() });
  };
}

/** The account, and the token that it used: `ada (token ci)`. No account's name has a space in it. */
function actorOf(context: Context<Carried>): string {
  const { name } = accountOf(context);
  const token = context.get("token");
  return token === undefined ? name : `${name} (token ${token})`;
}
