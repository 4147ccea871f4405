import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { dayOf } from "../../../model/exemption.ts";
import {
  addAcceptance,
  endAcceptance,
  isReviewNeeded,
  isShown,
  isWhollySeen,
  listAcceptances,
  reviewAcceptance,
  setReviewNeeded,
} from "../../store/findings/acceptances.ts";
import type { Accepted } from "../../store/findings/acceptances-applied.ts";
import { openFindingById } from "../../store/findings/findings.ts";
import { type Sight, seesTeam } from "../../store/teams/sight.ts";
import { hostTeams, listTeams } from "../../store/teams/teams.ts";
import { accountOf, auditFor, body, json, route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import { ignoresFile } from "../ignores-file.ts";
import type { Service } from "../service.ts";
import { type AcceptRequest, acceptances, accepted, acceptRequest, settings } from "./acceptance-shapes.ts";
import { failure } from "./shapes.ts";

const byId = z.object({ id: z.coerce.number().int() });
const none = { error: "No acceptance of this number waits or is in force." };
const notYours = {
  error: "This acceptance holds on hosts that you do not see. Ask somebody who sees every host.",
};

/** What is accepted, by whom, why and until when. */
export function addAcceptances(api: OpenAPIHono<Carried>, service: Service) {
  const { database, news, titleOf } = service;

  const log = auditFor(service);

  /** What is asked for, or why it cannot be. */
  async function understand(asked: AcceptRequest, sight: Sight): Promise<Accepted | string> {
    const rest = { host: null, subject: null, image: null, project: null, team: null };
    if (asked.until < dayOf(Date.now())) return `The last day, ${asked.until}, has passed.`;
    if (asked.scope === "finding") {
      const finding = await openFindingById(database, asked.finding, sight);
      if (!finding) return "This finding is no longer open.";
      const { control, host, subject } = finding;
      return { ...rest, scope: "finding", control, host, subject };
    }
    const { control, team } = asked;
    if (team === null && !seesTeam(sight, team))
      return "You see the hosts of your teams alone: say on which team's hosts this is accepted.";
    if (team !== null && !(await listTeams(database, sight)).some(({ id }) => id === team))
      return "No team of yours has this number.";
    if (!(asked.scope === "project" && control === "*") && titleOf(control) === "")
      return `There is no control ${control}.`;
    if (asked.scope === "image") return { ...rest, scope: "image", control, image: asked.image, team };
    return { ...rest, scope: "project", control, project: asked.project, team };
  }

  /** Who asked for the same, if it waits for a review. */
  async function whoAsked(what: Accepted, sight: Sight): Promise<string | undefined> {
    const list = await listAcceptances(database, Date.now(), sight);
    const fields = ["scope", "control", "host", "subject", "image", "project", "team"] as const;
    return list.find(
      (each) => each.state === "waiting" && fields.every((field) => each[field] === what[field]),
    )?.author;
  }

  /** Why somebody may not review or end an acceptance. */
  async function whyNotTheirs(id: number, sight: Sight): Promise<"hidden" | "wider" | undefined> {
    if (!(await isShown(database, id, sight))) return "hidden";
    return (await isWhollySeen(database, id, sight)) ? undefined : "wider";
  }

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/acceptances",
        "x-hosts": "hosts in sight",
        summary: "What is accepted, waits for a review, or was accepted once",
        responses: { 200: json(acceptances, "Newest first") },
      }),
      async (context) => {
        const sight = sightOf(context);
        const list = await listAcceptances(database, Date.now(), sight);
        const names = new Map((await listTeams(database, "all")).map(({ id, name }) => [id, name]));
        return context.json(
          {
            isReviewNeeded: await isReviewNeeded(database),
            acceptances: list.map((each) => ({
              ...each,
              title: titleOf(each.control),
              teamName: each.team === null ? null : (names.get(each.team) ?? ""),
            })),
          },
          200,
        );
      },
    )

    .openapi(
      route("operator", {
        method: "post",
        path: "/acceptances",
        "x-hosts": "hosts in sight",
        summary: "Accept a finding, a control on an image, or a Compose project",
        request: { body: body(acceptRequest) },
        responses: {
          200: json(accepted, "It is in force, or waits for a review"),
          409: json(
            failure,
            "The finding is not open, the control is not known, the day is over, or the same waits already",
          ),
        },
      }),
      async (context) => {
        const asked: AcceptRequest = context.req.valid("json");
        const author = accountOf(context);
        const what = await understand(asked, author.sight);
        if (typeof what === "string") return context.json({ error: what }, 409);
        const waits = await isReviewNeeded(database);
        const asker = waits ? await whoAsked(what, author.sight) : undefined;
        if (asker !== undefined) {
          const error = `${asker} asked for this already. The page Acceptances shows it: it waits for a second person.`;
          return context.json({ error }, 409);
        }
        const { reason, until } = asked;
        const id = await addAcceptance(database, { ...what, reason, until, author, waits }, Date.now());
        await log(context, waits ? "acceptance asked for" : "accepted", { id, ...said(what), reason, until });
        news.tell("findings");
        return context.json({ id, state: waits ? ("waiting" as const) : ("active" as const) }, 200);
      },
    )

    .openapi(
      route("operator", {
        method: "put",
        path: "/acceptances/{id}/review",
        "x-hosts": "hosts in sight",
        summary: "Put an acceptance into force that waits for a second person",
        request: { params: byId },
        responses: {
          204: { description: "It is in force" },
          404: json(failure, "None of this number waits"),
          409: json(
            failure,
            "Anyone who asked for it cannot review it, or it holds on hosts that you do not see",
          ),
        },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const reviewer = accountOf(context);
        const refused = await whyNotTheirs(id, reviewer.sight);
        if (refused === "hidden") return context.json(none, 404);
        if (refused === "wider") return context.json(notYours, 409);
        const reviewed = await reviewAcceptance(database, id, reviewer, Date.now());
        if (reviewed === undefined) return context.json(none, 404);
        if (reviewed === "own")
          return context.json({ error: "You asked for this one: a second person has to review it." }, 409);
        await log(context, "acceptance reviewed", { id, ...said(reviewed) });
        news.tell("findings");
        return context.body(null, 204);
      },
    )

    .openapi(
      route("operator", {
        method: "delete",
        path: "/acceptances/{id}",
        "x-hosts": "hosts in sight",
        summary: "End an acceptance: its findings are open again",
        request: { params: byId },
        responses: {
          204: { description: "Ended" },
          404: json(failure, "None of this number goes on"),
          409: json(failure, "It holds on hosts that you do not see"),
        },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const refused = await whyNotTheirs(id, sightOf(context));
        if (refused === "hidden") return context.json(none, 404);
        if (refused === "wider") return context.json(notYours, 409);
        const ended = await endAcceptance(database, id, Date.now());
        if (!ended) return context.json(none, 404);
        await log(context, "acceptance ended", { id, ...said(ended) });
        news.tell("findings");
        return context.body(null, 204);
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/acceptances/bulkhead.yaml",
        "x-hosts": "hosts in sight",
        summary: "What is accepted as a bulkhead.yaml, which bulkhead audit and watch read",
        request: { query: z.object({ host: z.string().max(200).optional() }) },
        responses: {
          200: { description: "Acceptances of single findings are those of the host" },
          404: json(failure, "Host not found"),
        },
      }),
      async (context) => {
        const { host } = context.req.valid("query");
        const sight = sightOf(context);
        const teams = host === undefined ? [] : await hostTeams(database, host, sight);
        if (teams === undefined) return context.json({ error: "Host not found." }, 404);
        const file = ignoresFile(await listAcceptances(database, Date.now(), sight), host, teams);
        return context.body(file, 200, {
          "content-type": "application/yaml; charset=utf-8",
          "content-disposition": 'attachment; filename="bulkhead.yaml"',
        });
      },
    )

    .openapi(
      route("administrator", {
        method: "get",
        path: "/settings",
        summary: "What administrators chose",
        responses: { 200: json(settings, "The settings") },
      }),
      async (context) => context.json({ isReviewNeeded: await isReviewNeeded(database) }, 200),
    )

    .openapi(
      route("administrator", {
        method: "put",
        path: "/settings",
        summary: "Choose whether acceptances need a second person",
        request: { body: body(settings) },
        responses: { 204: { description: "Changed" } },
      }),
      async (context) => {
        const { isReviewNeeded: isNeeded } = context.req.valid("json");
        await setReviewNeeded(database, isNeeded);
        await log(context, "setting changed", { "acceptances need a second person": isNeeded });
        news.tell("findings");
        return context.body(null, 204);
      },
    );
}

/** Without what does not apply. */
function said(what: Accepted): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(what).filter(([, value]) => value !== null));
}
