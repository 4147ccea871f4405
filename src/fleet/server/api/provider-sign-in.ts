import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { appendAudit } from "../../store/accounts/audit-log.ts";
import { admit, shutOut } from "../../store/accounts/provided-accounts.ts";
import { json, route } from "../http/access.ts";
import { type Carried, pageAddress, signIn } from "../http/session.ts";
import type { Service } from "../service.ts";
import type { SignInRefusal } from "../sign-in/refusals.ts";
import { failure } from "./shapes.ts";

const callbackPath = "/api/v1/sign-in/callback";
/** Seconds that somebody has to sign in at the provider. */
const patience = 600;
const none = { error: "No provider signs people in here: serve was started without --oidc-issuer." };
const redirect = { description: "To where the browser goes on" };

/** Signing in by an OpenID Connect provider. The browser is sent there, and comes back with a code. */
export function addProviderSignIn(api: OpenAPIHono<Carried>, service: Service) {
  const { database, provider, say } = service;
  const cookieName = service.isSecure ? "__Host-bulkhead-sign-in" : "bulkhead-sign-in";

  const log = (who: string, what: string, detail: Readonly<Record<string, unknown>>) =>
    appendAudit(database, { who, what, detail, now: Date.now() });

  function refuse(context: Context<Carried>, refusal: SignInRefusal, why: string) {
    say(`a sign-in by ${provider?.name} failed: ${why}`);
    return context.redirect(`/#/sign-in/${refusal}`, 302);
  }

  return api
    .openapi(
      route("anybody", {
        method: "get",
        path: "/sign-in/provider",
        summary: "Go to the OpenID Connect provider to sign in",
        responses: { 302: redirect, 404: json(failure, "No provider is configured") },
      }),
      async (context) => {
        if (!provider) return context.json(none, 404);
        const begun = await provider.begin(new URL(callbackPath, pageAddress(service, context)));
        if (begun.outcome === "refused") return refuse(context, begun.refusal, begun.why);
        setCookie(context, cookieName, begun.keep, {
          httpOnly: true,
          // The browser comes back from another site.
          sameSite: "Lax",
          secure: service.isSecure,
          path: "/",
          maxAge: patience,
        });
        return context.redirect(begun.url.href, 302);
      },
    )

    .openapi(
      route("anybody", {
        method: "get",
        path: "/sign-in/callback",
        summary: "Come back from the OpenID Connect provider",
        responses: { 302: redirect, 404: json(failure, "No provider is configured") },
      }),
      async (context) => {
        if (!provider) return context.json(none, 404);
        const kept = getCookie(context, cookieName);
        deleteCookie(context, cookieName, { path: "/", secure: service.isSecure });
        const address = new URL(callbackPath, pageAddress(service, context));
        address.search = new URL(context.req.url).search;
        const outcome = await provider.finish(address, kept);
        if (outcome.outcome === "refused") {
          const name =
            outcome.refusal === "role" && outcome.person && (await shutOut(database, outcome.person));
          if (name) await log(name, "sign-in refused", { provider: provider.name, because: "no role" });
          return refuse(context, outcome.refusal, outcome.why);
        }
        const { person } = outcome;
        const admitted = await admit(database, person, Date.now());
        if (admitted === "taken") {
          return refuse(context, "taken", `another account is named ${person.name}`);
        }
        const { account, isNew, formerRole } = admitted;
        const by = { provider: provider.name };
        if (isNew) await log(account.name, "account made", { role: account.role, ...by });
        if (formerRole !== undefined)
          await log(account.name, "role changed", { role: account.role, before: formerRole, ...by });
        await signIn(service, context, account);
        await log(account.name, "signed in", by);
        return context.redirect("/", 302);
      },
    );
}
