import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { allowEnrolment, removeHost } from "../../store/fleet/hosts/reports.ts";
import { accountOf, body, json, route } from "../http/access.ts";
import { auditFor } from "../http/audit.ts";
import type { Carried } from "../http/session.ts";
import type { Service } from "../service.ts";
import { hashToken, newToken } from "../sign-in/tokens.ts";
import { enrolmentRequest, failure, invited } from "./shapes.ts";

const hour = 3_600_000;

/** Which hosts may report. */
export function addEnrolments(api: OpenAPIHono<Carried>, service: Service): void {
  const { database, news, ownHost } = service;
  const log = auditFor(service);

  api.openapi(
    route("administrator", {
      method: "post",
      path: "/enrolments",
      summary: "Make a token by which hosts enrol, any number of them until it expires",
      request: { body: body(enrolmentRequest) },
      responses: { 200: json(invited, "The token, told once") },
    }),
    async (context) => {
      const { hours } = context.req.valid("json");
      const token = newToken();
      const expires = Date.now() + hours * hour;
      const author = accountOf(context).name;
      await allowEnrolment(database, { token: hashToken(token), author, expires });
      await log(context, "enrolment token made", { hours });
      return context.json({ token, expires }, 200);
    },
  );

  api.openapi(
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
