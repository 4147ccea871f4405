import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { accountNamed, hasAccounts, setPassword } from "../../store/accounts/accounts.ts";
import { forgetFailures, openGuesses, takeAttempt } from "../../store/accounts/attempts.ts";
import { appendAudit } from "../../store/accounts/audit-log.ts";
import { acceptInvitation, invitationOf } from "../../store/accounts/invitations.ts";
import { isProvided } from "../../store/accounts/provided-accounts.ts";
import { accountOf, body, json, route } from "../http/access.ts";
import { addressOf } from "../http/address.ts";
import { type Carried, pageAddress, signIn, signOut } from "../http/session.ts";
import type { Service } from "../service.ts";
import { hashToken } from "../sign-in/passwords.ts";
import { passSecondStep } from "../sign-in/second-step.ts";
import {
  busy,
  joinRequest,
  passwordRequest,
  signedOut,
  signInRequest,
  tooMany,
  whoIAm,
} from "./account-shapes.ts";
import { failure } from "./shapes.ts";

/** Who am I, signing in and out, and the link that makes an account. */
export function addSignIn(api: OpenAPIHono<Carried>, service: Service) {
  const { database, passwords, turns } = service;
  const guess = openGuesses();
  const log = (who: string, what: string, detail: Readonly<Record<string, unknown>>) =>
    appendAudit(database, { who, what, detail, now: Date.now() });
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
          428: json(failure, "The password is right; send it again with a code"),
          429: json(failure, "Too many wrong passwords; Retry-After says when to try again"),
          503: json(failure, "Too many sign in at once; Retry-After says when to try again"),
        },
      }),
      async (context) => {
        const { name, password, code } = context.req.valid("json");
        const address = addressOf(context, service.proxies);
        const account = await accountNamed(database, name);
        // By name, so that one account cannot be guessed at from many addresses.
        const key = `account ${name.toLowerCase()}`;
        const wait = account ? await takeAttempt(database, key, Date.now()) : guess(key, Date.now());
        if (wait > 0) {
          service.refused.signIns += 1;
          return context.json(tooMany(context, wait), 429);
        }
        const isRight = await turns.run(address, () => passwords.matches(account?.password, password));
        if (isRight === undefined) return context.json(busy(context), 503);
        if (!isRight || !account) {
          service.refused.signIns += 1;
          // A name that nobody has is not written down: anybody could fill the log.
          if (account) await log(account.name, "sign-in refused", { address });
          return context.json({ error: "The name or the password is wrong." }, 401);
        }
        const second = await passSecondStep(database, account.id, code, Date.now());
        if (second === "needed")
          return context.json({ error: "Enter the code that your authenticator app shows." }, 428);
        if (second === "wrong") {
          service.refused.signIns += 1;
          await log(account.name, "code refused", { address });
          return context.json({ error: "The code is wrong, or was used already." }, 401);
        }
        await forgetFailures(database, key);
        await signIn(service, context, account);
        const how = second === "recovered" ? "signed in with a recovery code" : "signed in";
        await log(account.name, how, { address });
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
        method: "get",
        path: "/join/{token}",
        summary: "What a link is for",
        request: { params: z.object({ token: z.string().max(128) }) },
        responses: {
          200: json(
            z.object({ account: z.string().nullable() }),
            "The account that gets a new password; null: a new account",
          ),
          410: json(failure, "The link was used, or has ended"),
        },
      }),
      async (context) => {
        const link = await invitationOf(database, hashToken(context.req.valid("param").token), Date.now());
        return link ? context.json(link, 200) : context.json(gone, 410);
      },
    )

    .openapi(
      route("anybody", {
        method: "post",
        path: "/join",
        summary: "Make an account, or set a new password, by a link that somebody was given",
        request: { body: body(joinRequest) },
        responses: {
          200: json(whoIAm, "The account is there and signed in"),
          409: json(failure, "An account has this name"),
          410: json(failure, "The link was used, or has ended"),
          503: json(failure, "Too many sign in at once; Retry-After says when to try again"),
        },
      }),
      async (context) => {
        const { token, name, password } = context.req.valid("json");
        const address = addressOf(context, service.proxies);
        const hashed = hashToken(token);
        const now = Date.now();
        // Hashing a password is work: nobody gets it done without a link.
        if ((await invitationOf(database, hashed, now)) === undefined) return context.json(gone, 410);
        const hash = await turns.run(address, () => passwords.hash(password));
        if (hash === undefined) return context.json(busy(context), 503);
        const made = await acceptInvitation(database, { token: hashed, name, password: hash, now });
        if (made === "taken") return context.json({ error: `An account named ${name} exists.` }, 409);
        if (made === undefined) return context.json(gone, 410);
        const { isNew, ...account } = made;
        await forgetFailures(database, `account ${account.name.toLowerCase()}`);
        await signIn(service, context, account);
        await log(account.name, isNew ? "account made" : "password reset", { role: account.role, address });
        return context.json({ account, isSetUp: true, ...around }, 200);
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "put",
          path: "/account/password",
          "x-hosts": "no host",
          summary: "Change your password; your other sessions end",
          request: { body: body(passwordRequest) },
          responses: {
            204: { description: "Changed" },
            409: json(failure, "The provider signs you in"),
            429: json(failure, "Too many wrong passwords; Retry-After says when to try again"),
            503: json(failure, "Too many sign in at once; Retry-After says when to try again"),
          },
        },
        "none",
      ),
      async (context) => {
        const { id, name } = accountOf(context);
        const { current, password } = context.req.valid("json");
        const address = addressOf(context, service.proxies);
        const account = await accountNamed(database, name);
        if (account?.id !== id)
          return context.json({ error: "Your provider signs you in: change the password there." }, 409);
        const key = `account ${name.toLowerCase()}`;
        const wait = await takeAttempt(database, key, Date.now());
        if (wait > 0) return context.json(tooMany(context, wait), 429);
        const hash = await turns.run(address, async () =>
          (await passwords.matches(account.password, current)) ? await passwords.hash(password) : "",
        );
        if (hash === undefined) return context.json(busy(context), 503);
        if (hash === "") return context.json({ error: "Your current password is another one." }, 403);
        await forgetFailures(database, key);
        await setPassword(database, id, hash);
        await signIn(service, context, account);
        await log(name, "password changed", { address });
        return context.body(null, 204);
      },
    );
}

const gone = { error: "This link was used already, or has ended. Ask for a new one." };
