import { failed, ok, type Result } from "../../base/result.ts";
import { parseDuration } from "../../formats/values/duration.ts";

/** When containers are proven again. */
export type ProveWhen =
  /** Every day at this time of the host's clock. */
  | { readonly kind: "daily"; readonly hour: number; readonly minute: number }
  /** So many milliseconds after the last proof. */
  | { readonly kind: "every"; readonly interval: number };

const least = 60_000;

/** `03:30` or `24h`. */
export function parseProveWhen(text: string): Result<ProveWhen> {
  const [, hour, minute] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour !== undefined && minute !== undefined)
    return ok({ kind: "daily", hour: Number(hour), minute: Number(minute) });
  const interval = parseDuration(text);
  if (interval === undefined) return failed("a time of day (03:30) or an interval (24h) is expected");
  if (interval < least) return failed("1m is the least");
  return ok({ kind: "every", interval });
}

/**
 * When the next proof is due. A time of day that passed while nobody watched waits for the next day: it was chosen because
 * the host has little to do then. An interval that is over is due at once. Milliseconds since 1970.
 */
export function nextProof(when: ProveWhen, now: number, last: number | undefined): number {
  if (when.kind === "every") return last === undefined ? now : Math.max(now, last + when.interval);
  const next = new Date(now);
  next.setHours(when.hour, when.minute, 0, 0);
  if (next.getTime() <= now) next.setDate(next.getDate() + 1);
  return next.getTime();
}
