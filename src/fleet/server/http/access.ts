import { createRoute, type RouteConfig } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import type { Asker } from "../../store/accounts/accounts.ts";
import { appendAudit } from "../../store/accounts/audit-log.ts";
import { type Role, roles, type TokenScope } from "../../store/accounts/roles.ts";
import type { Sight } from "../../store/teams/sight.ts";
import { failure } from "../api/shapes.ts";
import type { Service } from "../service.ts";
import type { Carried } from "./session.ts";

/** Who may use a route: anybody, a host by its key, a host by a token to enrol, or an account of this role or a higher one. */
export type Access = "anybody" | "host" | "enrolling" | Role;

/** Where the description says it (`/api/v1/openapi.json`), for readers and for the test that tries every route in every role. */
const accessKey = "x-access";
/** The scope that an API token needs; `none` where no token may. */
const scopeKey = "x-token-scope";

type NeededScope = TokenScope | "none";

/** Of which hosts a route speaks: of those that the account's teams see, or of none. The test of the teams reads it. */
type SpeaksOf = "hosts in sight" | "no host";

/** A route for those who do not see every host has to say of which hosts it speaks. Administrators see every host. */
type Limited<A extends Access> = A extends "viewer" | "operator" ? { "x-hosts": SpeaksOf } : unknown;

/** Describes a route together with who may use it; there is no other way to make one. */
export function route<A extends Access, P extends string, R extends Omit<RouteConfig, "path"> & { path: P }>(
  access: A,
  described: R & Limited<A>,
  scope: NeededScope = scopeFor(access, described.method),
) {
  const reject = (description: string) => json(failure, description);
  return createRoute<P, Guarded<R>>({
    ...described,
    [accessKey]: access,
    [scopeKey]: scope,
    middleware: requires(access, scope),
    responses: {
      ...described.responses,
      400: reject("The request is not as described"),
      401: reject("Nobody is signed in"),
      403: reject("The account may not do this"),
    },
  });
}

type Rejection = ReturnType<typeof json<typeof failure>>;

type Guarded<R extends Pick<RouteConfig, "responses">> = R & {
  middleware: MiddlewareHandler<Carried>;
  responses: R["responses"] & Record<400 | 401 | 403, Rejection>;
};

function scopeFor(access: Access, method: string): NeededScope {
  if (access === "host" || access === "enrolling") return "none";
  if (access === "administrator") return "administer";
  return method === "get" ? "read" : "operate";
}

function requires(access: Access, scope: NeededScope): MiddlewareHandler<Carried> {
  return async (context, next) => {
    // Who enrols showed its token before its body was read.
    if (access === "anybody" || access === "enrolling") return await next();
    if (access === "host") {
      if (context.get("reporter")) return await next();
      return context.json({ error: "No host has this key. It was removed, or never enrolled here." }, 401);
    }
    const account = context.get("account");
    if (!account) return context.json({ error: "Sign in first." }, 401);
    if (roles.indexOf(account.role) < roles.indexOf(access)) {
      return context.json({ error: `This needs the role ${access}; yours is ${account.role}.` }, 403);
    }
    const scopes = context.get("scopes");
    if (scopes && scope === "none") {
      return context.json({ error: "No API token may do this: sign in on the page." }, 403);
    }
    if (scopes && scope !== "none" && !scopes.includes(scope)) {
      return context.json(
        { error: `This needs the scope ${scope}; the token has ${scopes.join(", ")}.` },
        403,
      );
    }
    return await next();
  };
}

/** Who asks, on a route that only an account may use. */
export function accountOf(context: Context<Carried>): Asker {
  const account = context.get("account");
  // The route let nobody else through.
  if (!account) throw new Error("a route for accounts was used by nobody");
  return account;
}

/** The hosts that anyone who asks may see. */
export function sightOf(context: Context<Carried>): Sight {
  return accountOf(context).sight;
}

export function json<S>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } };
}

export function body<S>(schema: S) {
  return { required: true, content: { "application/json": { schema } } };
}

/** Writes down what the account that asks has done. */
type Log = (
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
