import type { OpenAPIHono } from "@hono/zod-openapi";
import { streamSSE } from "hono/streaming";
import { route } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import type { Topic } from "../news.ts";
import type { Service } from "../service.ts";

/** Between two comments that keep a quiet stream open, and between two looks whether the session still holds. */
const beat = 20_000;
/** What comes faster is told together. */
const apart = 250;

/** Tells an open page that something is new, by server-sent events. */
export function addEvents(api: OpenAPIHono<Carried>, { news }: Service): void {
  api.openapi(
    route("viewer", {
      method: "get",
      path: "/events",
      summary: "Tells what is new: server-sent events named findings and hosts",
      responses: { 200: { description: "A stream of events that does not end" } },
    }),
    (context) => {
      const stillHolds = context.get("stillHolds");
      return streamSSE(context, async (stream) => {
        const topics = new Set<Topic>();
        let wake: () => void = () => {};
        const quiet = news.listen((topic) => {
          topics.add(topic);
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
          if (stream.aborted || !(await stillHolds())) break;
          if (topics.size === 0) {
            await stream.write(": still here\n\n");
            continue;
          }
          const told = [...topics];
          topics.clear();
          for (const topic of told) await stream.writeSSE({ event: topic, data: "" });
          await stream.sleep(apart);
        }
        quiet();
      });
    },
  );
}
