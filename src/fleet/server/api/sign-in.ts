import type { OpenAPIHono } from "@hono/zod-openapi";
import { acceptInvitation, accountNamed, hasAccounts, invitedRole } from "../../store/accounts/accounts.ts";
import { forgetFailures, takeAttempt } from "../../store/accounts/attempts.ts";
import { appendAudit } from "../../store/accounts/audit-log.ts";
import { isProvided } from "../../store/accounts/provided-accounts.ts";
import { body, json, route } from "../http/access.ts";
import { type Carried, pageAddress, signIn, signOut } from "../http/session.ts";
import type { Service } from "../service.ts";
import { hashToken } from "../sign-in/passwords.ts";
import { failure, joinRequest, signedOut, signInRequest, whoIAm } from "./shapes.ts";

/** Who am I, signing in and out, and the link that makes an account. */
export function addSignIn(api: OpenAPIHono<Carried>, service: Service) {
  const { database, passwords } = service;
  const around = { version: service.version, provider: service.provider?.name ?? null };

  return api
    .openapi(
      route("anybody", {
        method: "get",
        path: "/session",
        summary: "Who is signed in",
        responses: { 200: json(whoIAm, "The account, or null") },
      }),
      async (context) => {
        const asker = context.get("account");
        const account = asker ? { id: asker.id, name: asker.name, role: asker.role } : null;
        return context.json(
          { account, isSetUp: account !== null || (await hasAccounts(database)), ...around },
          200,
        );
      },
    )

    .openapi(
      route("anybody", {
        method: "post",
        path: "/session",
        summary: "Sign in",
        request: { body: body(signInRequest) },
        responses: {
          200: json(whoIAm, "Signed in; the session is in a cookie"),
          429: json(failure, "Too many wrong passwords; Retry-After says when to try again"),
        },
      }),
      async (context) => {
        const { name, password } = context.req.valid("json");
        // By name, so that one account cannot be guessed at from many addresses.
        const key = `account ${name.toLowerCase()}`;
        const wait = await takeAttempt(database, key, Date.now());
        if (wait > 0) {
          context.header("retry-after", String(Math.ceil(wait / 1_000)));
          return context.json({ error: `Too many wrong passwords. Try again in ${inWords(wait)}.` }, 429);
        }
        const account = await accountNamed(database, name);
        if (!(await passwords.matches(account?.password, password)) || !account) {
          // A name that nobody has is not written down: anybody could fill the log.
          if (account) {
            await appendAudit(database, {
              who: account.name,
              what: "sign-in refused",
              detail: {},
              now: Date.now(),
            });
          }
          return context.json({ error: "The name or the password is wrong." }, 401);
        }
        await forgetFailures(database, key);
        await signIn(service, context, account);
        await appendAudit(database, { who: account.name, what: "signed in", detail: {}, now: Date.now() });
        const { id, role } = account;
        return context.json({ account: { id, name: account.name, role }, isSetUp: true, ...around }, 200);
      },
    )

    .openapi(
      route("anybody", {
        method: "delete",
        path: "/session",
        summary: "Sign out",
        responses: { 200: json(signedOut, "Nobody is signed in here any more") },
      }),
      async (context) => {
        const account = context.get("account");
        await signOut(service, context);
        const isByProvider = account !== undefined && (await isProvided(database, account.id));
        const next = isByProvider && (await service.provider?.signOut(pageAddress(service, context)));
        return context.json({ next: next ? next.href : null }, 200);
      },
    )

    .openapi(
      route("anybody", {
        method: "post",
        path: "/join",
        summary: "Make an account by a link that somebody was given",
        request: { body: body(joinRequest) },
        responses: {
          200: json(whoIAm, "The account is made and signed in"),
          409: json(failure, "An account has this name"),
          410: json(failure, "The link was used, or is too old"),
        },
      }),
      async (context) => {
        const { token, name, password } = context.req.valid("json");
        const hashed = hashToken(token);
        const now = Date.now();
        const gone = { error: "This link was used already, or is too old. Ask for a new one." };
        // Hashing a password is work: nobody gets it done without a link.
        if ((await invitedRole(database, hashed, now)) === undefined) return context.json(gone, 410);
        const made = await acceptInvitation(database, {
          token: hashed,
          name,
          password: await passwords.hash(password),
          now,
        });
        if (made === "taken") return context.json({ error: `An account named ${name} exists.` }, 409);
        if (made === undefined) return context.json(gone, 410);
        await signIn(service, context, made);
        await appendAudit(database, { who: name, what: "account made", detail: { role: made.role }, now });
        return context.json({ account: made, isSetUp: true, ...around }, 200);
      },
    );
}

function inWords(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1_000);
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} minutes`;
}
