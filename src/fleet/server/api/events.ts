import type { OpenAPIHono } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { anyInSight } from "../../store/teams/teams.ts";
import { accountOf, json, route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Topic } from "../news.ts";
import type { Service } from "../service.ts";
import { failure } from "./shapes.ts";

/** Between two comments that keep a quiet stream open, and between two looks whether the session still holds. */
const beat = 20_000;
/** What comes faster is told together. */
const apart = 250;
/** Of so many hosts at once it is not asked which are in sight. */
const mostHosts = 500;

/** Of one account: each open page has one. */
const mostStreams = 30;

/** Tells an open page that something is new, by server-sent events. */
export function addEvents(api: OpenAPIHono<Carried>, { database, news }: Service) {
  const streams = new Map<number, number>();
  return api.openapi(
    route("viewer", {
      method: "get",
      path: "/events",
      summary: "Tells what is new: server-sent events named findings, hosts and decisions",
      "x-hosts": "hosts in sight",
      responses: {
        200: { description: "A stream of events that does not end" },
        429: json(failure, "The account has too many streams; Retry-After says when to try again"),
      },
    }),
    (context) => {
      const { id } = accountOf(context);
      const open = streams.get(id) ?? 0;
      if (open >= mostStreams) {
        context.header("retry-after", "30");
        return context.json(
          { error: `At most ${mostStreams} pages of one account are told what is new.` },
          429,
        );
      }
      streams.set(id, open + 1);
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
        try {
          await tell();
        } finally {
          quiet();
          streams.set(id, (streams.get(id) ?? 1) - 1);
        }

        async function tell(): Promise<void> {
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
        }
      });
    },
  );
}
