import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { closeSessionOf, listSessions } from "../../store/accounts/accounts.ts";
import { addToken, listTokens, removeToken } from "../../store/accounts/api-tokens.ts";
import { type TokenScope, tokenScopes } from "../../store/accounts/roles.ts";
import { seesTeam } from "../../store/teams/sight.ts";
import { knownTeams } from "../../store/teams/teams.ts";
import { accountOf, auditFor, body, json, route } from "../http/access.ts";
import { type Carried, sessionLimits } from "../http/session.ts";
import type { Service } from "../service.ts";
import { hashToken, newToken } from "../sign-in/passwords.ts";
import { failure, name, teamIds, time } from "./shapes.ts";

const day = 86_400_000;
const scopes = z.array(z.enum(tokenScopes));

const tokens = z
  .object({
    tokens: z.array(
      z.object({
        id: z.number().int(),
        name: z.string(),
        owner: z.string(),
        scopes,
        created: time,
        expires: time,
        used: time.nullable(),
        /** The teams that it is limited to; null: it sees what its account sees. */
        teams: teamIds,
      }),
    ),
  })
  .openapi("Tokens");

const tokenRequest = z
  .object({
    name,
    scopes: scopes.min(1),
    days: z.number().int().min(1).max(366),
    teams: teamIds.default(null),
  })
  .refine(({ scopes: asked, teams }) => teams === null || !asked.includes("administer"), {
    message: "a token that is limited to teams cannot administer",
    path: ["scopes"],
  })
  .openapi("NewToken");

const newTokenAnswer = z
  .object({
    /** To be sent as `Authorization: Bearer TOKEN`. It is shown once. */
    token: z.string(),
    expires: time,
  })
  .openapi("MadeToken");

const sessions = z
  .object({
    sessions: z.array(
      z.object({
        id: z.string(),
        /** The browser, as it names itself. */
        agent: z.string(),
        /** Where it signed in from; "" if that is not known. */
        address: z.string(),
        created: time,
        used: time,
        /** When it ends if nobody uses it. */
        ends: time,
        /** Whether it is the one that asks. */
        isThis: z.boolean(),
      }),
    ),
  })
  .openapi("Sessions");

/** What signs in: an account's API tokens and its sessions. No token may make or end any of them. */
export function addTokens(api: OpenAPIHono<Carried>, service: Service) {
  const { database } = service;
  const log = auditFor(service);

  return api
    .openapi(
      route(
        "viewer",
        {
          method: "get",
          path: "/tokens",
          "x-hosts": "no host",
          summary: "Your API tokens; an administrator sees everybody's",
          responses: { 200: json(tokens, "Newest first") },
        },
        "none",
      ),
      async (context) => {
        const { id, role } = accountOf(context);
        const list = await listTokens(database, role === "administrator" ? undefined : id);
        return context.json(
          {
            tokens: list.map((each) => ({
              ...each,
              scopes: [...each.scopes],
              teams: each.teams && [...each.teams],
            })),
          },
          200,
        );
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "post",
          path: "/tokens",
          "x-hosts": "no host",
          summary: "Make an API token: it may do what its scopes say, and no more than your role",
          request: { body: body(tokenRequest) },
          responses: {
            200: json(newTokenAnswer, "The token, told once"),
            409: json(failure, "No team of yours has one of these numbers"),
          },
        },
        "none",
      ),
      async (context) => {
        const asked: { name: string; scopes: TokenScope[]; days: number; teams: number[] | null } =
          context.req.valid("json");
        const account = accountOf(context);
        const teams = asked.teams ?? [];
        const known = await knownTeams(database, teams);
        if (known.length < teams.length || !teams.every((team) => seesTeam(account.sight, team)))
          return context.json({ error: "No team of yours has one of these numbers." }, 409);
        const token = newToken();
        const created = Date.now();
        const expires = created + asked.days * day;
        await addToken(database, {
          ...{ token: hashToken(token), account: account.id, created, expires },
          ...{ name: asked.name, scopes: asked.scopes, sight: asked.teams ?? "all" },
        });
        await log(context, "token made", {
          ...{ token: asked.name, scopes: asked.scopes, days: asked.days },
          ...(asked.teams ? { teams: asked.teams.join(", ") } : {}),
        });
        return context.json({ token, expires }, 200);
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "delete",
          path: "/tokens/{id}",
          "x-hosts": "no host",
          summary: "Remove an API token of yours; an administrator removes anybody's",
          request: { params: z.object({ id: z.coerce.number().int() }) },
          responses: { 204: { description: "Removed" }, 404: json(failure, "You have none of this number") },
        },
        "none",
      ),
      async (context) => {
        const { id, role } = accountOf(context);
        const removed = await removeToken(
          database,
          context.req.valid("param").id,
          role === "administrator" ? undefined : id,
        );
        if (removed === undefined) return context.json({ error: "Token not found." }, 404);
        await log(context, "token removed", { token: removed });
        return context.body(null, 204);
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "get",
          path: "/sessions",
          "x-hosts": "no host",
          summary: "Where you are signed in",
          responses: { 200: json(sessions, "The latest used first") },
        },
        "none",
      ),
      async (context) => {
        const list = await listSessions(database, accountOf(context).id, sessionLimits, Date.now());
        const current = context.get("session");
        return context.json(
          { sessions: list.map((each) => ({ ...each, isThis: each.id === current })) },
          200,
        );
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "delete",
          path: "/sessions/{id}",
          "x-hosts": "no host",
          summary: "End one of your sessions",
          request: { params: z.object({ id: z.string().max(64) }) },
          responses: { 204: { description: "Ended" }, 404: json(failure, "You have no such session") },
        },
        "none",
      ),
      async (context) => {
        const account = accountOf(context);
        const isEnded = await closeSessionOf(database, account.id, context.req.valid("param").id);
        if (!isEnded) return context.json({ error: "You have no such session." }, 404);
        await log(context, "session ended", {});
        return context.body(null, 204);
      },
    );
}
