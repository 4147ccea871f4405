import { createHash } from "node:crypto";
import type { Finding } from "../../audit/finding.ts";
import type { Change } from "../../watch/change.ts";
import { type AreaOf, type HostNews, putChanges, putDetails, putHost, putOpen, touchHost } from "./hosts.ts";
import type { FleetDatabase } from "./open.ts";
import { judgeClock } from "./own-findings.ts";
import { hold } from "./postgres.ts";
import { atOnce } from "./transaction.ts";

/** Lets hosts enrol by a token until it expires; `token` is the SHA-256 of what they are given. */
export async function allowEnrolment(
  database: FleetDatabase,
  enrolment: { readonly token: string; readonly author: string; readonly expires: number },
): Promise<void> {
  const { author, expires } = enrolment;
  await database
    .insertInto("enrolment")
    .values(enrolment)
    .onConflict((conflict) => conflict.column("token").doUpdateSet({ author, expires }))
    .execute();
}

export async function forgetEnrolments(database: FleetDatabase, before: number): Promise<void> {
  await database.deleteFrom("enrolment").where("expires", "<", before).execute();
}

/**
 * Enrols the host that made this key, of which the SHA-256 is given. Its id follows from the key, so no host can take another's.
 * The same again is the same host. Undefined where there is no such token, or it expired.
 */
export async function enrol(
  database: FleetDatabase,
  {
    token,
    key,
    host,
    now,
  }: {
    readonly token: string;
    readonly key: string;
    readonly host: Omit<HostNews, "id">;
    readonly now: number;
  },
): Promise<{ readonly id: string; readonly isNew: boolean } | undefined> {
  const id = createHash("sha256").update(`bulkhead host key ${key}`).digest("hex").slice(0, 32);
  return await atOnce(database, async (step) => {
    const enrolment = await step
      .selectFrom("enrolment")
      .select("token")
      .where("token", "=", token)
      .where("expires", ">", now)
      .executeTakeFirst();
    if (!enrolment) return undefined;
    await hold(step, `host ${id}`);
    const known = await step.selectFrom("reporter").select("host").where("key", "=", key).executeTakeFirst();
    if (known) return { id, isNew: false };
    await putHost(step, { ...host, id }, now);
    await step.insertInto("reporter").values({ host: id, key, last: 0 }).execute();
    return { id, isNew: true };
  });
}

export interface Reporter {
  readonly id: string;
  readonly name: string;
}

/** The host whose key this is. */
export async function reporterOf(database: FleetDatabase, key: string): Promise<Reporter | undefined> {
  return await database
    .selectFrom("reporter")
    .innerJoin("host", "host.id", "reporter.host")
    .select(["host.id", "host.name"])
    .where("reporter.key", "=", key)
    .executeTakeFirst();
}

/** Removes a host with all that is known of it. What it holds as a key is worth nothing from now on. */
export async function removeHost(
  database: FleetDatabase,
  id: string,
  now: number,
): Promise<string | undefined> {
  return await atOnce(database, async (step) => {
    await hold(step, `host ${id}`);
    const row = await step.deleteFrom("host").where("id", "=", id).returning("name").executeTakeFirst();
    if (!row) return undefined;
    await step
      .updateTable("acceptance")
      .set({ ended: now })
      .where("host", "=", id)
      .where("ended", "is", null)
      .execute();
    return row.name;
  });
}

/** What a host tells at once. */
export interface HostReport {
  /** Undefined: as it was. */
  readonly state: Omit<HostNews, "id"> | undefined;
  /** Changes, numbered from `first` on. */
  readonly first: number;
  readonly changes: readonly Change[];
  /** All that is open, and the number that stands for it. */
  readonly whole: { readonly number: number; readonly open: readonly Finding[] } | undefined;
  /** Newer words of what is open. */
  readonly details: readonly Finding[];
  /** Milliseconds by which the host's clock is ahead. */
  readonly ahead: number;
}

export interface Applied {
  /** The number up to which all is applied. */
  readonly last: number;
  /** Changes are missing in between: what is open has to be told as a whole. */
  readonly wantsWhole: boolean;
  /** Whether anything changed that a page shows. */
  readonly news: readonly ("findings" | "hosts")[];
}

/**
 * Applies what a host tells, and how far that is, in one transaction: what comes twice is applied once. Changes follow on what
 * was applied before, or nothing of them is applied. Undefined where the host was removed meanwhile.
 */
export async function applyReport(
  database: FleetDatabase,
  id: string,
  report: HostReport,
  now: number,
  areaOf: AreaOf,
): Promise<Applied | undefined> {
  return await atOnce(database, async (step) => {
    await hold(step, `host ${id}`);
    const known = await step
      .selectFrom("reporter")
      .innerJoin("host", "host.id", "reporter.host")
      .select(["reporter.last", "host.name", "host.seen"])
      .where("host.id", "=", id)
      .executeTakeFirst();
    if (!known) return undefined;
    const news = new Set<"findings" | "hosts">();
    if (report.state) {
      await putHost(step, { ...report.state, id }, now);
      news.add("hosts");
    } else await touchHost(step, id, known.seen, now);
    if (await judgeClock(step, { id, name: known.name }, report.ahead, now)) news.add("findings");
    let { last } = known;
    const { first, changes, whole, details } = report;
    if (whole && whole.number > last) {
      await putOpen(step, id, whole.open, now, areaOf);
      last = whole.number;
      news.add("findings");
    }
    const fresh = changes.slice(Math.max(0, last + 1 - first));
    // Nothing was ever told as a whole, or something is missing.
    const wantsWhole = last === 0 || (fresh.length > 0 && first > last + 1);
    if (fresh.length > 0 && !wantsWhole) {
      const timed = fresh.map((change) => ({ ...change, time: trueTime(change.time, report.ahead, now) }));
      await putChanges(step, id, timed, areaOf);
      last = first + changes.length - 1;
      news.add("findings");
    }
    if (details.length > 0 && !wantsWhole) {
      await putDetails(step, id, details);
      news.add("findings");
    }
    if (last !== known.last) {
      await step.updateTable("reporter").set({ last }).where("host", "=", id).execute();
    }
    return { last, wantsWhole, news: [...news] };
  });
}

/** The farthest back that a host can have waited to tell a change; milliseconds. */
const longestPast = 90 * 86_400_000;

/** The time by this machine's clock. Nothing happened in the future, and what has no time happened now. */
function trueTime(time: string, ahead: number, now: number): string {
  const told = Date.parse(time) - ahead;
  const at = Number.isNaN(told) ? now : Math.min(now, Math.max(now - longestPast, told));
  return new Date(at).toISOString();
}
