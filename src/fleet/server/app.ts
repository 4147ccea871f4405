import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { bodyLimit } from "hono/body-limit";
import { except } from "hono/combine";
import type { ExtractSchema } from "hono/types";
import { whyDatabase } from "../store/database.ts";
import { addAcceptances } from "./api/acceptances.ts";
import { addAccounts } from "./api/accounts.ts";
import { addEnrolments } from "./api/enrolments.ts";
import { addEvents } from "./api/events.ts";
import { addExports } from "./api/exports.ts";
import { addFindings } from "./api/findings.ts";
import { addHosts } from "./api/hosts.ts";
import { addImages } from "./api/images.ts";
import { addJobs } from "./api/jobs.ts";
import { addNotifications } from "./api/notifications.ts";
import { addPolicies } from "./api/policies.ts";
import { addProviderSignIn } from "./api/provider-sign-in.ts";
import { addSecondStep } from "./api/second-step.ts";
import { addSignIn } from "./api/sign-in.ts";
import { addTeams } from "./api/teams.ts";
import { addTokens } from "./api/tokens.ts";
import { addViews } from "./api/views.ts";
import { noNul, ownPageOnly, type PageFiles, securityHeaders, servePage, spareAnswers } from "./http/page.ts";
import { type Carried, whoAsks, whoReports } from "./http/session.ts";
import { addIngest } from "./ingest/ingest.ts";
import { takeTurns } from "./ingest/load.ts";
import type { Service } from "./service.ts";

const root = "/api/v1";
const ingest = "/ingest/*";

const routes = [
  addSignIn,
  addSecondStep,
  addProviderSignIn,
  addAccounts,
  addTeams,
  addFindings,
  addAcceptances,
  addHosts,
  addImages,
  addJobs,
  addPolicies,
  addTokens,
  addExports,
  addEvents,
  addEnrolments,
  addNotifications,
  addViews,
  addIngest,
] as const;

/** What each path of /api/v1 takes and answers, for the page. */
export type Api = ExtractSchema<ReturnType<(typeof routes)[number]>>;

export interface AppOptions {
  /** What browsers may write as `Host`: `127.0.0.1:7070`. */
  readonly hosts: ReadonlySet<string>;
  readonly page: PageFiles;
}

/** The API under /api/v1 and the page. */
export function buildApp(service: Service, { hosts, page }: AppOptions): OpenAPIHono<Carried> {
  const app = new OpenAPIHono<Carried>();
  app.use(securityHeaders(service.isSecure));
  // For who looks after this process: it runs; it can serve and keep what comes.
  app.get("/healthz", (context) => context.text("ok\n"));
  app.get("/readyz", async (context) => {
    const why = await service.whyNotReady();
    return why === undefined ? context.text("ok\n") : context.text(`${why}\n`, 503);
  });
  // Hosts come with a key of their own, by whatever name they reach it; browsers do not.
  app.use(except(`${root}${ingest}`, ownPageOnly(hosts)));

  const api = new OpenAPIHono<Carried>({
    defaultHook: (result, context) => {
      if (result.success) return undefined;
      const [issue] = result.error.issues;
      const where = issue?.path.join(".") ?? "";
      return context.json(
        { error: `${where === "" ? "" : `${where}: `}${issue?.message ?? "not valid"}` },
        400,
      );
    },
  });
  const tooLarge = { error: "The request is larger than 64 KiB." };
  const isIngest = (context: Context) => context.req.path.startsWith(`${root}/ingest/`);
  api.use(
    except(isIngest, bodyLimit({ maxSize: 64 * 1024, onError: (context) => context.json(tooLarge, 413) })),
  );
  api.use(except(isIngest, noNul));
  api.use(except(isIngest, whoAsks(service)));
  api.use(ingest, whoReports(service));
  api.use(except(isIngest, spareAnswers));
  api.use(ingest, takeTurns(service.refused));
  for (const add of routes) add(api, service);
  api.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "bulkhead", version: service.version },
    servers: [{ url: root }],
  });
  api.notFound((context) => context.json({ error: "Not found." }, 404));
  app.route(root, api);
  // Where Prometheus looks by itself.
  app.get("/metrics", (context) => {
    const url = new URL(`${root}/metrics`, context.req.url);
    // By the whole app, which says in words what failed.
    return app.fetch(new Request(url, { headers: context.req.raw.headers }), context.env);
  });
  let saidLast = "";
  let saidAt = 0;
  app.onError((error, context) => {
    // hono's own refusals: JSON that is none, a body that is too large.
    if ("getResponse" in error) return context.json({ error: "The request cannot be read." }, 400);
    const why = whyDatabase(error);
    // A database that is gone fails every request.
    if (why !== saidLast || Date.now() - saidAt > 60_000) {
      service.say(`a request failed (${context.req.method} ${context.req.path}): ${why}`);
      saidLast = why;
      saidAt = Date.now();
    }
    // A host keeps what it has to tell, and comes again.
    if (isIngest(context)) {
      context.header("retry-after", String(5 + Math.floor(Math.random() * 10)));
      return context.json({ error: "The database cannot be used now." }, 503);
    }
    return context.json({ error: "bulkhead could not answer. Its log says why." }, 500);
  });

  servePage(app, page);
  return app;
}
