import type { OpenAPIHono } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { anyInSight } from "../../store/teams/teams.ts";
import { route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Topic } from "../news.ts";
import type { Service } from "../service.ts";

/** Between two comments that keep a quiet stream open, and between two looks whether the session still holds. */
const beat = 20_000;
/** What comes faster is told together. */
const apart = 250;
/** Of so many hosts at once it is not asked which are in sight. */
const mostHosts = 500;

/** Tells an open page that something is new, by server-sent events. */
export function addEvents(api: OpenAPIHono<Carried>, { database, news }: Service) {
  return api.openapi(
    route("viewer", {
      method: "get",
      path: "/events",
      summary: "Tells what is new: server-sent events named findings, hosts and decisions",
      "x-hosts": "hosts in sight",
      responses: { 200: { description: "A stream of events that does not end" } },
    }),
    (context) => {
      const stillSees = context.get("stillSees");
      return streamSSE(context, async (stream) => {
        /** The hosts of each topic that has news. */
        const topics = new Map<Topic, Set<string> | "all">();
        let wake: () => void = () => {};
        const quiet = news.listen((topic, host) => {
          const hosts = topics.get(topic) ?? new Set();
          if (host === undefined || hosts === "all" || hosts.size >= mostHosts) topics.set(topic, "all");
          else topics.set(topic, hosts.add(host));
          wake();
        });
        stream.onAbort(() => {
          quiet();
          wake();
        });
        // A session or a token that ended ends its streams: the browser asks again, and is refused.
        const until = Date.now() + 10 * 60_000;
        await stream.write(": connected\n\n");
        while (!stream.aborted && Date.now() < until) {
          if (topics.size === 0)
            await new Promise<void>((resolve) => {
              const timer = setTimeout(resolve, beat);
              wake = () => {
                clearTimeout(timer);
                resolve();
              };
            });
          const sight = stream.aborted ? undefined : await stillSees();
          if (sight === undefined) break;
          if (topics.size === 0) {
            await stream.write(": still here\n\n");
            continue;
          }
          const told = [...topics];
          topics.clear();
          for (const [topic, hosts] of told) {
            if (hosts !== "all" && !(await anyInSight(database, [...hosts], sight))) continue;
            await stream.writeSSE({ event: topic, data: "" });
          }
          await stream.sleep(apart);
        }
        quiet();
      });
    },
  );
}
