import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { mostLabels } from "../../../base/labels.ts";
import {
  addTeam,
  knownTeams,
  listTeams,
  removeTeam,
  setAccountSight,
  setTeam,
} from "../../store/teams/teams.ts";
import { auditFor, body, json, route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Service } from "../service.ts";
import { failure, label, name, teamIds } from "./shapes.ts";

const byId = z.object({ id: z.coerce.number().int() });

const teams = z
  .object({
    /** Whether you see every host, also those of no team. */
    seesAll: z.boolean(),
    teams: z.array(
      z.object({
        id: z.number().int(),
        name: z.string(),
        labels: z.array(z.string()),
        hosts: z.number().int(),
        accounts: z.number().int(),
      }),
    ),
  })
  .openapi("Teams");

const teamRequest = z
  .object({
    name,
    /** A host belongs to the team where it has each; of several values of one name it needs one. */
    labels: z
      .array(label)
      .min(1, "a label is needed: env=prod")
      .max(4 * mostLabels),
  })
  .openapi("NewTeam");

const madeTeam = z.object({ id: z.number().int() }).openapi("MadeTeam");

const none = { error: "No team has this number." };
const taken = { error: "Another team has this name." };

/** Teams: who sees which hosts. */
export function addTeams(api: OpenAPIHono<Carried>, service: Service) {
  const { database, news } = service;
  const log = auditFor(service);

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/teams",
        summary: "Your teams; anyone who sees every host sees every team",
        "x-hosts": "hosts in sight",
        responses: { 200: json(teams, "By name") },
      }),
      async (context) => {
        const sight = sightOf(context);
        const list = await listTeams(database, sight);
        const shown = list.map((each) => ({ ...each, labels: [...each.labels] }));
        return context.json({ seesAll: sight === "all", teams: shown }, 200);
      },
    )

    .openapi(
      route("administrator", {
        method: "post",
        path: "/teams",
        summary: "Make a team, which sees the hosts that have its labels",
        request: { body: body(teamRequest) },
        responses: { 200: json(madeTeam, "The team"), 409: json(failure, "Another team has this name") },
      }),
      async (context) => {
        const asked = context.req.valid("json");
        const id = await addTeam(database, asked, Date.now());
        if (id === "taken") return context.json(taken, 409);
        await log(context, "team made", { id, name: asked.name, labels: asked.labels.join(", ") });
        tellAll();
        return context.json({ id }, 200);
      },
    )

    .openapi(
      route("administrator", {
        method: "put",
        path: "/teams/{id}",
        summary: "Change a team's name and labels",
        request: { params: byId, body: body(teamRequest) },
        responses: {
          204: { description: "Changed" },
          404: json(failure, "No team has this number"),
          409: json(failure, "Another team has this name"),
        },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const asked = context.req.valid("json");
        const changed = await setTeam(database, id, asked, Date.now());
        if (changed === "taken") return context.json(taken, 409);
        if (changed === undefined) return context.json(none, 404);
        await log(context, "team changed", { id, name: asked.name, labels: asked.labels.join(", ") });
        tellAll();
        return context.body(null, 204);
      },
    )

    .openapi(
      route("administrator", {
        method: "delete",
        path: "/teams/{id}",
        summary:
          "Remove a team: anyone who saw hosts by it alone sees none, and acceptances on its hosts end",
        request: { params: byId },
        responses: { 204: { description: "Removed" }, 404: json(failure, "No team has this number") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const removed = await removeTeam(database, id, Date.now());
        if (removed === undefined) return context.json(none, 404);
        await log(context, "team removed", { id, name: removed });
        tellAll();
        return context.body(null, 204);
      },
    )

    .openapi(
      route("administrator", {
        method: "put",
        path: "/accounts/{id}/teams",
        summary: "Say which teams' hosts an account sees; null: every host",
        request: { params: byId, body: body(z.object({ teams: teamIds })) },
        responses: {
          204: { description: "Changed" },
          404: json(failure, "No account has this number"),
          409: json(failure, "No team has one of these numbers"),
        },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const { teams: asked } = context.req.valid("json");
        if (asked && (await knownTeams(database, asked)).length < asked.length)
          return context.json(none, 409);
        if (!(await setAccountSight(database, id, asked ?? "all")))
          return context.json({ error: "No account has this number." }, 404);
        await log(context, "teams of an account changed", {
          account: id,
          teams: asked?.join(", ") ?? "every host",
        });
        tellAll();
        return context.body(null, 204);
      },
    );

  function tellAll(): void {
    news.tell("hosts");
    news.tell("findings");
  }
}
