import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { type Account, closeSession, openSession, sessionAccount } from "../../store/fleet/accounts.ts";
import type { Service } from "../service.ts";
import { hashToken, newToken } from "../sign-in/tokens.ts";

const hour = 3_600_000;

/** A session ends when nobody used it for twelve hours, and a week after the sign-in. */
export const sessionLimits = { idle: 12 * hour, whole: 7 * 24 * hour };

/** What a request carries on its way. */
export interface Carried {
  Variables: { account: Account | undefined };
}

/** The prefix binds the cookie to this very host where browsers reach it by HTTPS. */
function cookieName({ isSecure }: Service): string {
  return isSecure ? "__Host-bulkhead" : "bulkhead";
}

/** Finds out who asks. */
export function whoAsks(service: Service): MiddlewareHandler<Carried> {
  return async (context, next) => {
    const token = getCookie(context, cookieName(service));
    const account =
      token === undefined
        ? undefined
        : await sessionAccount(service.database, hashToken(token), sessionLimits, Date.now());
    context.set("account", account);
    await next();
  };
}

export async function signIn(service: Service, context: Context, account: Account): Promise<void> {
  const token = newToken();
  await openSession(service.database, {
    token: hashToken(token),
    account: account.id,
    agent: (context.req.header("user-agent") ?? "").slice(0, 200),
    now: Date.now(),
  });
  setCookie(context, cookieName(service), token, {
    httpOnly: true,
    sameSite: "Strict",
    secure: service.isSecure,
    path: "/",
    maxAge: sessionLimits.whole / 1_000,
  });
}

export async function signOut(service: Service, context: Context): Promise<void> {
  const token = getCookie(context, cookieName(service));
  if (token !== undefined) await closeSession(service.database, hashToken(token));
  deleteCookie(context, cookieName(service), { path: "/", secure: service.isSecure });
}
