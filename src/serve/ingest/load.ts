import type { MiddlewareHandler } from "hono";
import { largestReport } from "../../watch/reporting/protocol.ts";
import type { Carried } from "../http/session.ts";

/** Reports that are taken in at the same time, and their bytes: what comes beside them is asked to come again. */
const mostReports = 32;
const mostBytes = 2 * largestReport;

/** Keeps the memory of many reports bounded: ten thousand hosts that all come at once after an outage come one after another. */
export function takeTurns(): MiddlewareHandler<Carried> {
  let reports = 0;
  let bytes = 0;
  return async (context, next) => {
    const length = Number(context.req.header("content-length") ?? Number.NaN);
    if (!Number.isInteger(length)) return context.json({ error: "The length is missing." }, 411);
    // Who has no key yet has little to say.
    const most = context.get("reporter") ? largestReport : 1024 * 1024;
    if (length > most) return context.json({ error: `At most ${most / 1024 / 1024} MiB are taken.` }, 413);
    if (reports >= mostReports || bytes + length > mostBytes) {
      context.header("retry-after", String(1 + Math.floor(Math.random() * 10)));
      return context.json({ error: "Too many hosts report at once. Try again." }, 503);
    }
    reports += 1;
    bytes += length;
    try {
      return await next();
    } finally {
      reports -= 1;
      bytes -= length;
    }
  };
}
