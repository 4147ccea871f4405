import { parseDuration } from "../../formats/values/duration.ts";
import { isDate } from "../../model/exemption.ts";

/** What `untilOf` takes, for a message. */
export const untilForms = "4h, 7d, 2027-01-31 or 2027-01-31T12:00:00Z";

/** Milliseconds since 1970 of the last moment that a Date can say (ECMA-262, Time Values). */
const lastMoment = 8.64e15;

/** Milliseconds since 1970: a duration from `now` on, the end of a day (UTC), or a moment; undefined for anything else. */
export function untilOf(text: string, now: number): number | undefined {
  const duration = parseDuration(text);
  if (duration !== undefined)
    return duration > 0 && now + duration <= lastMoment ? now + duration : undefined;
  return isDate(text) ? Date.parse(`${text}T00:00:00Z`) + 86_400_000 : momentOf(text);
}

/** A day and a time with its zone. */
export function momentOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
