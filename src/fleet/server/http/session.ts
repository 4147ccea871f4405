import type { Context, MiddlewareHandler } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import {
  type Account,
  type Asker,
  closeSession,
  openSession,
  sessionAccount,
  sessionId,
} from "../../store/accounts/accounts.ts";
import { tokenAccount } from "../../store/accounts/api-tokens.ts";
import type { TokenScope } from "../../store/accounts/roles.ts";
import { isEnrolmentToken } from "../../store/hosts/enrolments.ts";
import { type Reporter, reporterOf } from "../../store/hosts/reports.ts";
import type { Sight } from "../../store/teams/sight.ts";
import type { Service } from "../service.ts";
import { hashToken, newToken } from "../sign-in/passwords.ts";
import { addressOf } from "./address.ts";

const minute = 60_000;
const hour = 60 * minute;

/**
 * A session ends when nobody used it for twelve hours, and a week after the sign-in. Anyone whom a provider signed in is asked for
 * again after twelve hours: their role there may be another by then.
 */
export const sessionLimits = { idle: 12 * hour, whole: 7 * 24 * hour, provided: 12 * hour };

/** What a request carries on its way. */
export interface Carried {
  Variables: {
    account: Asker | undefined;
    /** What the token may that came with the request; undefined for a session, which may what its account may. */
    scopes: readonly TokenScope[] | undefined;
    /** The session's id; undefined if a token came. */
    session: string | undefined;
    /** The name of the token that came with the request; undefined for a session. */
    token: string | undefined;
    /** What the session or the token sees by now, undefined if it no longer holds: for what goes on for long. */
    stillSees: () => Promise<Sight | undefined>;
    /** The host whose key came with the request. */
    reporter: Reporter | undefined;
  };
}

/** What `Authorization: Bearer …` holds. */
export function bearerOf(context: Context): string | undefined {
  return /^Bearer ([\w-]{20,200})$/.exec(context.req.header("authorization") ?? "")?.[1];
}

export const unknownToken = { error: "The enrolment token is unknown, or has expired. Ask for a new one." };
export const unknownHost = { error: "No host has this key. It was removed, or never enrolled here." };

/** Milliseconds that a host's key is remembered. Whether the host is still there is asked with each report. */
const remembered = minute;
const mostRemembered = 50_000;

/** Finds out which host tells something. */
export function whoReports({ database }: Service): MiddlewareHandler<Carried> {
  const known = new Map<string, { readonly reporter: Reporter; readonly until: number }>();

  async function ofKey(key: string): Promise<Reporter | undefined> {
    const hash = hashToken(key);
    const now = Date.now();
    const before = known.get(hash);
    if (before && before.until > now) return before.reporter;
    known.delete(hash);
    const reporter = await reporterOf(database, hash);
    if (known.size >= mostRemembered) known.clear();
    if (reporter) known.set(hash, { reporter, until: now + remembered });
    return reporter;
  }

  return async (context, next) => {
    const key = bearerOf(context);
    context.set("account", undefined);
    const reporter = key === undefined ? undefined : await ofKey(key);
    context.set("reporter", reporter);
    // Nobody's body is read before it is known whose it is.
    if (!reporter) {
      const isEnrolling = context.req.path.endsWith("/enrol");
      const mayEnrol =
        isEnrolling && key !== undefined && (await isEnrolmentToken(database, hashToken(key), Date.now()));
      if (!mayEnrol) return context.json(isEnrolling ? unknownToken : unknownHost, 401);
    }
    return await next();
  };
}

/**
 * The prefix binds the cookie to this very host where browsers reach it by HTTPS. Browsers send the cookies of a host to all of its
 * ports, so two serves on one machine name theirs by port.
 */
function cookieName(service: Service, context: Context): string {
  const { port } = pageAddress(service, context);
  return `${service.isSecure ? "__Host-" : ""}bulkhead${port === "" ? "" : `-${port}`}`;
}

/** The page's address, by the name that the browser uses. `ownPageOnly` let no other name through. */
export function pageAddress({ isSecure }: Service, context: Context): URL {
  return new URL(`${isSecure ? "https" : "http"}://${context.req.header("host")}`);
}

/** Finds out who asks. */
export function whoAsks(service: Service): MiddlewareHandler<Carried> {
  const { database } = service;
  return async (context, next) => {
    const bearer = /^Bearer +(\S+)$/i.exec(context.req.header("authorization") ?? "")?.[1];
    if (bearer !== undefined) {
      const hash = hashToken(bearer);
      const known = await tokenAccount(database, hash, Date.now());
      if (!known) return context.json({ error: "The token is not known, was removed, or is over." }, 401);
      context.set("account", known.account);
      context.set("scopes", known.scopes);
      context.set("token", known.name);
      context.set("stillSees", async () => (await tokenAccount(database, hash, Date.now()))?.account.sight);
      return await next();
    }
    const cookie = getCookie(context, cookieName(service, context));
    const hash = cookie === undefined ? undefined : hashToken(cookie);
    const account = hash && (await sessionAccount(database, hash, sessionLimits, Date.now()));
    context.set("account", account || undefined);
    context.set("session", hash && sessionId(hash));
    context.set("stillSees", async () => {
      if (hash === undefined) return undefined;
      const isUse = false;
      return (await sessionAccount(database, hash, sessionLimits, Date.now(), { isUse }))?.sight;
    });
    return await next();
  };
}

export async function signIn(service: Service, context: Context, account: Account): Promise<void> {
  const token = newToken();
  await openSession(service.database, {
    token: hashToken(token),
    account: account.id,
    agent: (context.req.header("user-agent") ?? "").slice(0, 200),
    address: addressOf(context, service.proxies),
    now: Date.now(),
  });
  setCookie(context, cookieName(service, context), token, {
    httpOnly: true,
    sameSite: "Strict",
    secure: service.isSecure,
    path: "/",
    maxAge: sessionLimits.whole / 1_000,
  });
}

export async function signOut(service: Service, context: Context): Promise<void> {
  const token = getCookie(context, cookieName(service, context));
  if (token !== undefined) await closeSession(service.database, hashToken(token));
  deleteCookie(context, cookieName(service, context), { path: "/", secure: service.isSecure });
}
