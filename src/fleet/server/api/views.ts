import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { listViews, mostViews, removeView, saveView } from "../../store/accounts/views.ts";
import { accountOf, body, json, route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Service } from "../service.ts";
import { failure } from "./shapes.ts";

const view = z
  .object({
    name: z.string().trim().min(1).max(64),
    /** As they stand in the page's address: `severity=high&team=3`. */
    filters: z.string().max(2_000),
  })
  .openapi("View");

/** Filters of the list of findings that an account keeps under a name. No other account sees them. */
export function addViews(api: OpenAPIHono<Carried>, { database }: Service) {
  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/views",
        "x-hosts": "no host",
        summary: "Your saved views",
        responses: { 200: json(z.object({ views: z.array(view) }).openapi("Views"), "By name") },
      }),
      async (context) => context.json({ views: await listViews(database, accountOf(context).id) }, 200),
    )

    .openapi(
      route(
        "viewer",
        {
          method: "put",
          path: "/views",
          "x-hosts": "no host",
          summary: "Save a view, in place of one of the same name",
          request: { body: body(view) },
          responses: {
            204: { description: "Saved" },
            409: json(failure, `The account has ${mostViews} already`),
          },
        },
        "none",
      ),
      async (context) => {
        const isSaved = await saveView(database, accountOf(context).id, context.req.valid("json"));
        if (isSaved) return context.body(null, 204);
        return context.json({ error: `You have ${mostViews} views. Remove one first.` }, 409);
      },
    )

    .openapi(
      route(
        "viewer",
        {
          method: "delete",
          path: "/views/{name}",
          "x-hosts": "no host",
          summary: "Remove one of your views",
          request: { params: z.object({ name: z.string().max(64) }) },
          responses: { 204: { description: "Removed" }, 404: json(failure, "You have none of this name") },
        },
        "none",
      ),
      async (context) => {
        const { name } = context.req.valid("param");
        if (await removeView(database, accountOf(context).id, name)) return context.body(null, 204);
        return context.json({ error: "View not found." }, 404);
      },
    );
}
