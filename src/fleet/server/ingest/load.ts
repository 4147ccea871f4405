import type { MiddlewareHandler } from "hono";
import { largestReport } from "../../protocol/report.ts";
import type { Carried } from "../http/session.ts";
import type { Refused } from "../service.ts";

/** Reports that are taken in at the same time, and their bytes: what comes beside them is asked to come again. */
const mostReports = 2_000;
const mostBytes = 2 * largestReport;

/** A report of more bytes tells what is open as a whole: a few are read at a time, the others wait unread. */
const smallReport = 32 * 1024;
const mostLarge = 4;
/** Milliseconds that a large report waits before it is asked to come again. A request may take 30 s. */
const patience = 10_000;

/** What a host that enrols has to say at most: its containers. */
const largestEnrolment = 1024 * 1024;

/** Keeps the memory of many reports bounded: ten thousand hosts that all come at once after an outage come one after another. */
export function takeTurns(refused: Pick<Refused, "reports">): MiddlewareHandler<Carried> {
  const turns = openTurns(mostLarge);
  let reports = 0;
  let bytes = 0;
  return async (context, next) => {
    const length = Number(context.req.header("content-length") ?? Number.NaN);
    if (!Number.isInteger(length)) return context.json({ error: "The length is missing." }, 411);
    const isReporter = context.get("reporter") !== undefined;
    const most = isReporter ? largestReport : largestEnrolment;
    if (length > most) return context.json({ error: `At most ${most / 1024 / 1024} MiB are taken.` }, 413);
    const busy = () => {
      refused.reports += 1;
      context.header("retry-after", String(1 + Math.floor(Math.random() * 10)));
      return context.json({ error: "Too many hosts report at once. Try again." }, 503);
    };
    if (reports >= mostReports) return busy();
    reports += 1;
    // Who enrols holds no turn of those that report.
    const isLarge = isReporter && length > smallReport;
    let held = 0;
    let hasTurn = false;
    try {
      hasTurn = isLarge && (await turns.take(patience));
      if ((isLarge && !hasTurn) || bytes + length > mostBytes) return busy();
      held = length;
      bytes += held;
      return await next();
    } finally {
      reports -= 1;
      bytes -= held;
      if (hasTurn) turns.give();
    }
  };
}

/** So many at a time; who comes later waits for a turn, first come, first served. */
function openTurns(most: number): { take(patience: number): Promise<boolean>; give(): void } {
  const waiting = new Set<() => void>();
  let taken = 0;
  return {
    take(patience) {
      if (taken < most) {
        taken += 1;
        return Promise.resolve(true);
      }
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(go);
          resolve(false);
        }, patience);
        function go(): void {
          clearTimeout(timer);
          resolve(true);
        }
        waiting.add(go);
      });
    },
    give() {
      const [next] = waiting;
      if (next === undefined) {
        taken -= 1;
        return;
      }
      waiting.delete(next);
      next();
    },
  };
}
