import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { type Labels, labelsOf } from "../../../base/labels.ts";
import { allowEnrolment, endEnrolment, hostsOf, listEnrolments } from "../../store/hosts/enrolments.ts";
import { removeHost } from "../../store/hosts/reports.ts";
import { pinLabels } from "../../store/teams/teams.ts";
import { accountOf, auditFor, body, json, route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Service } from "../service.ts";
import { hashToken, newToken } from "../sign-in/passwords.ts";
import { enrolmentRequest, enrolments, invited } from "./account-shapes.ts";
import { failure, labels } from "./shapes.ts";

const hour = 3_600_000;
const byId = z.object({ id: z.coerce.number().int() });

/** Which hosts may report. */
export function addEnrolments(api: OpenAPIHono<Carried>, service: Service) {
  const { database, news, ownHost } = service;
  const log = auditFor(service);

  return api
    .openapi(
      route("administrator", {
        method: "post",
        path: "/enrolments",
        summary: "Make a token by which hosts enrol, any number of them until it expires",
        request: { body: body(enrolmentRequest) },
        responses: { 200: json(invited, "The token, told once") },
      }),
      async (context) => {
        const { hours, labels: texts } = context.req.valid("json");
        const token = newToken();
        const expires = Date.now() + hours * hour;
        const author = accountOf(context);
        await allowEnrolment(database, {
          token: hashToken(token),
          author,
          expires,
          labels: knownLabels(texts),
        });
        await log(context, "enrolment token made", { hours, ...(texts && { labels: texts.join(", ") }) });
        return context.json({ token, expires }, 200);
      },
    )

    .openapi(
      route("administrator", {
        method: "get",
        path: "/enrolments",
        summary: "Tokens by which hosts enrol, and the hosts that each enrolled",
        responses: {
          200: json(enrolments, "Newest first; those that ended as long as a host of theirs is there"),
        },
      }),
      async (context) => context.json({ enrolments: [...(await listEnrolments(database, Date.now()))] }, 200),
    )

    .openapi(
      route("administrator", {
        method: "delete",
        path: "/enrolments/{id}",
        summary: "End a token: no host enrols by it any more; those that did stay",
        request: { params: byId },
        responses: { 204: { description: "Ended" }, 404: json(failure, "There is none of this number") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        if (!(await endEnrolment(database, id, Date.now())))
          return context.json({ error: "Token not found." }, 404);
        await log(context, "enrolment token ended", { id });
        return context.body(null, 204);
      },
    )

    .openapi(
      route("administrator", {
        method: "delete",
        path: "/enrolments/{id}/hosts",
        summary: "Remove every host that a token enrolled, with all that is known of them",
        request: { params: byId },
        responses: { 204: { description: "Removed" } },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        for (const host of await hostsOf(database, id)) {
          const name = await removeHost(database, host, Date.now());
          if (name !== undefined) await log(context, "host removed", { id: host, name });
        }
        news.tell("hosts");
        news.tell("findings");
        return context.body(null, 204);
      },
    )

    .openapi(
      route("administrator", {
        method: "put",
        path: "/hosts/{id}/labels",
        summary: "Set a host's labels, whatever it tells of itself; null: what it tells",
        request: {
          params: z.object({ id: z.string() }),
          body: body(z.object({ labels: labels.nullable() })),
        },
        responses: { 204: { description: "Set" }, 404: json(failure, "Not found") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const { labels: texts } = context.req.valid("json");
        if (!(await pinLabels(database, id, knownLabels(texts), Date.now())))
          return context.json({ error: "Host not found." }, 404);
        await log(context, texts === null ? "labels of a host unpinned" : "labels of a host pinned", {
          id,
          ...(texts && { labels: texts.join(", ") }),
        });
        news.tell("hosts");
        news.tell("findings");
        return context.body(null, 204);
      },
    )

    .openapi(
      route("administrator", {
        method: "delete",
        path: "/hosts/{id}",
        summary: "Remove a host with all that is known of it; its key is worth nothing from now on",
        request: { params: z.object({ id: z.string() }) },
        responses: {
          204: { description: "Removed" },
          404: json(failure, "Not found"),
          409: json(failure, "This bulkhead serve watches the host itself"),
        },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        if (id === ownHost)
          return context.json(
            {
              error:
                "This bulkhead serve watches the host itself: start it with --no-watch, then remove the host.",
            },
            409,
          );
        const name = await removeHost(database, id, Date.now());
        if (name === undefined) return context.json({ error: "Host not found." }, 404);
        await log(context, "host removed", { id, name });
        news.tell("hosts");
        news.tell("findings");
        return context.body(null, 204);
      },
    );
}

/** The shape has checked them. */
function knownLabels(texts: readonly string[] | null): Labels | null {
  const known = texts === null ? undefined : labelsOf(texts);
  return known?.ok ? known.value : null;
}
