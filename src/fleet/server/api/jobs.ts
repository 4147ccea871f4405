import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { jobKinds } from "../../../watch/job-kinds.ts";
import { jobLimits } from "../../protocol/job.ts";
import { addJob, allowedOn, jobsOf } from "../../store/hosts/jobs.ts";
import { containersOf, listHosts } from "../../store/hosts/overview.ts";
import { proofOf } from "../../store/hosts/proofs.ts";
import type { Sight } from "../../store/teams/sight.ts";
import { accountOf, auditFor, body, json, route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Service } from "../service.ts";
import { failure, time } from "./shapes.ts";

const ofContainer = z.object({ id: z.string(), name: z.string() });
const kind = z.enum(jobKinds);

const probes = z.array(
  z.object({
    probe: z.string(),
    control: z.string(),
    outcome: z.enum(["held", "notHeld", "inconclusive"]),
    evidence: z.string(),
    tries: z.string(),
  }),
);

const jobs = z
  .object({
    /** What `watch --prove` of the host last showed of it; null if it told nothing. */
    daily: z
      .object({
        tried: time,
        /** Why the last try gave no result. */
        trouble: z.string().nullable(),
        /** When `probes` were shown: before `tried` where that gave no result. */
        proven: time.nullable(),
        probes: probes.nullable(),
      })
      .nullable(),
    /** What the host lets operators start. */
    allowed: z.array(kind),
    /** Newest first. */
    jobs: z.array(
      z.object({
        id: z.number().int(),
        kind,
        /** How long learn watches; null for the others. */
        seconds: z.number().int().nullable(),
        author: z.string(),
        asked: time,
        /** Null while the host has not taken it. */
        started: time.nullable(),
        ended: time.nullable(),
        /** Why it failed. */
        trouble: z.string().nullable(),
        probes: probes.nullable(),
        /** What learn saw, fix would change or verify tried, as a terminal shows it. */
        report: z.string().nullable(),
      }),
    ),
  })
  .openapi("Jobs");

const newJob = z
  .object({
    kind,
    /** How long learn is to watch. */
    seconds: z.number().int().min(jobLimits.leastLearn).max(jobLimits.longestLearn).default(300),
  })
  .openapi("NewJob");

const madeJob = z.object({ id: z.number().int() }).openapi("MadeJob");

export type Jobs = z.infer<typeof jobs>;

const none = { error: "Container not found." };

/** Jobs shown of a container. */
const most = 10;

/** What operators start on a host that allows it. */
export function addJobs(api: OpenAPIHono<Carried>, service: Service) {
  const { database, news } = service;
  const log = auditFor(service);

  async function containerOf(id: string, name: string, sight: Sight) {
    const [host] = await listHosts(database, sight, { ids: [id] });
    const container = host && (await containersOf(database, id, sight)).find((each) => each.name === name);
    return container && { ...container, hostName: host.name };
  }

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/hosts/{id}/containers/{name}/jobs",
        "x-hosts": "hosts in sight",
        summary:
          "What was proven of a container, what operators started for it, and what may be started there",
        request: { params: ofContainer },
        responses: { 200: json(jobs, "The latest ten jobs, newest first"), 404: json(failure, "Not found") },
      }),
      async (context) => {
        const { id, name } = context.req.valid("param");
        if (!(await containerOf(id, name, sightOf(context)))) return context.json(none, 404);
        const of = { host: id, container: name };
        const [allowed, list, kept] = await Promise.all([
          allowedOn(database, id),
          jobsOf(database, of, most),
          proofOf(database, of),
        ]);
        const daily = kept ? { ...kept, probes: kept.probes && [...kept.probes] } : null;
        const shown = list.map((job) => ({ ...job, probes: job.probes && [...job.probes] }));
        return context.json({ daily, allowed: [...allowed], jobs: shown }, 200);
      },
    )

    .openapi(
      route("operator", {
        method: "post",
        path: "/hosts/{id}/containers/{name}/jobs",
        "x-hosts": "hosts in sight",
        summary:
          "Start prove, learn, fix or verify for a container, where its host allows it; fix and verify only show",
        request: { params: ofContainer, body: body(newJob) },
        responses: {
          200: json(madeJob, "The host takes it with its next report"),
          404: json(failure, "Not found"),
          409: json(failure, "The host does not allow it, or is busy"),
        },
      }),
      async (context) => {
        const { id, name } = context.req.valid("param");
        const asked = context.req.valid("json");
        const container = await containerOf(id, name, sightOf(context));
        if (!container) return context.json(none, 404);
        if (!(await allowedOn(database, id)).includes(asked.kind)) {
          const error = `${container.hostName} does not let operators start ${asked.kind}: its watch needs --allow ${asked.kind}.`;
          return context.json({ error }, 409);
        }
        if (!container.running) return context.json({ error: `${name} is not running.` }, 409);
        const job = {
          ...{ host: id, container: name, kind: asked.kind, author: accountOf(context).name },
          seconds: asked.kind === "learn" ? asked.seconds : null,
        };
        const made = await addJob(database, job, Date.now());
        if (made === "busy")
          return context.json({ error: `${container.hostName} has a job already: wait for its end.` }, 409);
        await log(context, `${asked.kind} started`, { host: id, container: name, job: made });
        news.tell("findings", id);
        return context.json({ id: made }, 200);
      },
    );
}
