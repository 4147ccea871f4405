import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { appendAudit } from "../../store/fleet/audit-log.ts";
import { allowEnrolment, removeHost } from "../../store/fleet/reports.ts";
import { body, json, route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Service } from "../service.ts";
import { hashToken, newToken } from "../sign-in/tokens.ts";
import { enrolmentRequest, failure, invited } from "./shapes.ts";

const hour = 3_600_000;

/** Which hosts may report. */
export function addEnrolments(api: OpenAPIHono<Carried>, { database, news }: Service): void {
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
      const now = Date.now();
      const expires = now + hours * hour;
      const author = context.get("account")?.name ?? "nobody";
      await allowEnrolment(database, { token: hashToken(token), author, expires });
      await appendAudit(database, { who: author, what: "enrolment token made", detail: { hours }, now });
      return context.json({ token, expires }, 200);
    },
  );

  api.openapi(
    route("administrator", {
      method: "delete",
      path: "/hosts/{id}",
      summary: "Remove a host with all that is known of it; its key is worth nothing from now on",
      request: { params: z.object({ id: z.string() }) },
      responses: { 204: { description: "Removed" }, 404: json(failure, "There is none") },
    }),
    async (context) => {
      const { id } = context.req.valid("param");
      const name = await removeHost(database, id);
      if (name === undefined) return context.json({ error: "There is no such host." }, 404);
      const who = context.get("account")?.name ?? "nobody";
      await appendAudit(database, { who, what: "host removed", detail: { id, name }, now: Date.now() });
      news.tell("hosts");
      return context.body(null, 204);
    },
  );
}
