import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { closeSessions, listAccounts, removeAccount, setRole } from "../../store/accounts/accounts.ts";
import { brokenAt, listAudit } from "../../store/accounts/audit-log.ts";
import { invite, listInvitations, removeInvitation } from "../../store/accounts/invitations.ts";
import type { Role } from "../../store/accounts/roles.ts";
import { knownTeams } from "../../store/teams/teams.ts";
import { accountOf, auditFor, body, json, route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Service } from "../service.ts";
import { hashToken, makeReset, newToken } from "../sign-in/passwords.ts";
import { accounts, invitations, invited, inviteRequest } from "./account-shapes.ts";
import { auditLog, auditRequest, chain, failure, role as roleShape } from "./shapes.ts";

const day = 86_400_000;
const byId = z.object({ id: z.coerce.number().int() });

/** Who has an account, what they may, and what was done. */
export function addAccounts(api: OpenAPIHono<Carried>, service: Service) {
  const { database } = service;
  const log = auditFor(service);

  return (
    api
      .openapi(
        route("administrator", {
          method: "get",
          path: "/accounts",
          summary: "All accounts",
          responses: { 200: json(accounts, "By name") },
        }),
        async (context) => context.json({ accounts: [...(await listAccounts(database))] }, 200),
      )

      .openapi(
        route("administrator", {
          method: "get",
          path: "/invitations",
          summary: "Links that nobody has used yet",
          responses: { 200: json(invitations, "Newest first") },
        }),
        async (context) =>
          context.json({ invitations: [...(await listInvitations(database, Date.now()))] }, 200),
      )

      // No API token gives anybody a right: a program could give more than it has.
      .openapi(
        route(
          "administrator",
          {
            method: "post",
            path: "/invitations",
            summary: "Make a link by which somebody makes their own account",
            request: { body: body(inviteRequest) },
            responses: {
              200: json(invited, "Good for three days, once; it ends when you no longer administer"),
              409: json(failure, "No team has one of these numbers"),
            },
          },
          "none",
        ),
        async (context) => {
          const { role, teams } = context.req.valid("json");
          if (teams && (await knownTeams(database, teams)).length < teams.length)
            return context.json({ error: "No team has one of these numbers." }, 409);
          const token = newToken();
          const now = Date.now();
          const expires = now + 3 * day;
          const author = accountOf(context);
          await invite(database, {
            token: hashToken(token),
            role,
            author,
            now,
            expires,
            sight: teams ?? "all",
          });
          await log(context, "invited", { role, ...(teams ? { teams: teams.join(", ") } : {}) });
          return context.json({ token, expires }, 200);
        },
      )

      .openapi(
        route("administrator", {
          method: "delete",
          path: "/invitations/{id}",
          summary: "End a link that nobody has used yet",
          request: { params: byId },
          responses: { 204: { description: "Ended" }, 404: json(failure, "There is none of this number") },
        }),
        async (context) => {
          const { id } = context.req.valid("param");
          if (!(await removeInvitation(database, id))) return context.json({ error: "Link not found." }, 404);
          await log(context, "invitation ended", { id });
          return context.body(null, 204);
        },
      )

      .openapi(
        route(
          "administrator",
          {
            method: "post",
            path: "/accounts/{id}/reset",
            summary: "Make a link by which somebody sets a new password",
            request: { params: byId },
            responses: {
              200: json(invited, "Good for a day, once"),
              409: json(failure, "Account not found, or a provider signs it in"),
            },
          },
          "none",
        ),
        async (context) => {
          const { id } = context.req.valid("param");
          const made = await makeReset(database, { id }, accountOf(context));
          if (!made) return context.json({ error: "Account not found, or a provider signs it in." }, 409);
          await log(context, "password reset offered", { account: made.name });
          return context.json({ token: made.token, expires: made.expires }, 200);
        },
      )

      .openapi(
        route(
          "administrator",
          {
            method: "put",
            path: "/accounts/{id}/role",
            summary: "Change what an account may do",
            request: { params: byId, body: body(z.object({ role: roleShape })) },
            responses: {
              204: { description: "Changed" },
              409: json(failure, "Account not found, or it is the last administrator"),
            },
          },
          "none",
        ),
        async (context) => {
          const { id } = context.req.valid("param");
          const { role }: { role: Role } = context.req.valid("json");
          if (!(await setRole(database, id, role))) return context.json(lastOne, 409);
          await log(context, "role changed", { account: id, role });
          return context.body(null, 204);
        },
      )

      .openapi(
        route("administrator", {
          method: "delete",
          path: "/accounts/{id}",
          summary: "Remove an account and end its sessions",
          request: { params: byId },
          responses: {
            204: { description: "Removed" },
            409: json(failure, "Account not found, or it is the last administrator"),
          },
        }),
        async (context) => {
          const { id } = context.req.valid("param");
          if (!(await removeAccount(database, id))) return context.json(lastOne, 409);
          await log(context, "account removed", { account: id });
          return context.body(null, 204);
        },
      )

      .openapi(
        route("administrator", {
          method: "delete",
          path: "/accounts/{id}/sessions",
          summary: "End every session of an account",
          request: { params: byId },
          responses: { 204: { description: "Ended" } },
        }),
        async (context) => {
          const { id } = context.req.valid("param");
          await closeSessions(database, id);
          await log(context, "sessions ended", { account: id });
          return context.body(null, 204);
        },
      )

      .openapi(
        route("administrator", {
          method: "get",
          path: "/audit-log",
          summary: "Who did what, newest first",
          request: { query: auditRequest },
          responses: { 200: json(auditLog, "Entries") },
        }),
        async (context) => {
          const entries = await listAudit(database, context.req.valid("query"));
          return context.json(
            {
              entries: entries.map(({ previous: _, detail, ...entry }) => ({
                ...entry,
                detail: JSON.parse(detail) as Record<string, unknown>,
              })),
            },
            200,
          );
        },
      )

      .openapi(
        route("administrator", {
          method: "get",
          path: "/audit-log/chain",
          summary: "Whether an entry was changed or taken out",
          responses: { 200: json(chain, "The first such entry, or null") },
        }),
        async (context) => context.json({ brokenAt: (await brokenAt(database)) ?? null }, 200),
      )
  );
}

const lastOne = {
  error: "Account not found, or it is the last administrator.",
};
