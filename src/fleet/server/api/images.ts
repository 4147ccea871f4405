import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { countBySeverity } from "../../store/findings/counts.ts";
import { groupFindings } from "../../store/findings/groups.ts";
import { everything } from "../../store/findings/query.ts";
import { containersOfImage, listImages } from "../../store/hosts/images.ts";
import { json, route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import { openLately } from "../lately.ts";
import type { KnownNeeds, Service } from "../service.ts";
import { severityOf } from "./findings.ts";
import { bySeverity, failure, imagesRequest, severity } from "./shapes.ts";

const images = z
  .object({
    images: z.array(
      z.object({
        image: z.string(),
        containers: z.number().int(),
        running: z.number().int(),
        hosts: z.number().int(),
        bySeverity,
      }),
    ),
  })
  .openapi("Images");

const needs = z.object({
  user: z.string().nullable(),
  requires: z.string().nullable(),
  capabilities: z.array(z.string()).nullable(),
  writablePaths: z.array(z.string()).nullable(),
  persistentPaths: z.array(z.string()).nullable(),
  ports: z.array(z.string()).nullable(),
  source: z.string().nullable(),
}) satisfies z.ZodType<KnownNeeds>;

const imageDetail = z
  .object({
    image: z.string(),
    containers: z.array(
      z.object({
        host: z.string(),
        hostName: z.string(),
        name: z.string(),
        project: z.string().nullable(),
        running: z.boolean(),
      }),
    ),
    bySeverity,
    controls: z.array(
      z.object({ control: z.string(), title: z.string(), severity, findings: z.number().int() }),
    ),
    needs: needs.nullable(),
  })
  .openapi("ImageDetail");

/** The images that run: where, what is open in their containers, and what they are known to need. */
export function addImages(api: OpenAPIHono<Carried>, service: Service) {
  const { database, titleOf, needsOf } = service;
  const lately = openLately();

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/images",
        "x-hosts": "hosts in sight",
        summary: "The images that containers are made from",
        request: { query: imagesRequest },
        responses: { 200: json(images, "By name") },
      }),
      async (context) => {
        const sight = sightOf(context);
        const changed = context.req.valid("query");
        const list = await lately(JSON.stringify([sight, changed]), () =>
          listImages(database, sight, changed),
        );
        return context.json(
          { images: list.map((each) => ({ ...each, bySeverity: { ...each.bySeverity } })) },
          200,
        );
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/images/{image}",
        "x-hosts": "hosts in sight",
        summary: "An image: who runs it, what is open there, and what it is known to need",
        request: { params: z.object({ image: z.string().max(500) }) },
        responses: { 200: json(imageDetail, "The image"), 404: json(failure, "Nothing runs it") },
      }),
      async (context) => {
        const { image } = context.req.valid("param");
        const sight = sightOf(context);
        const containers = await containersOfImage(database, image, sight);
        if (containers.length === 0)
          return context.json({ error: "No container is made from this image." }, 404);
        const query = { ...everything, sight, image, verdict: "fail" } as const;
        const [counts, groups] = await Promise.all([
          countBySeverity(database, query),
          groupFindings(database, query, "control", { offset: 0, limit: 500 }),
        ]);
        return context.json(
          {
            image,
            containers,
            bySeverity: Object.fromEntries(counts),
            controls: groups.map(({ key, weight, findings }) => ({
              control: key,
              title: titleOf(key),
              severity: severityOf(weight),
              findings,
            })),
            needs: needsOf(image) ?? null,
          },
          200,
        );
      },
    );
}
