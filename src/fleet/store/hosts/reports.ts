import { sql } from "kysely";
import type { Finding } from "../../../audit/finding.ts";
import type { Change } from "../../../watch/change.ts";
import { hostsWithWrongClock, judgeClock, silentAfter } from "../findings/own-findings.ts";
import type { FleetDatabase } from "../open.ts";
import { atOnce } from "../open.ts";
import { hold, holdAll } from "../postgres.ts";
import {
  type AreaOf,
  type HostChanges,
  type HostNews,
  putChangesOf,
  putDetails,
  putHost,
  putOpen,
  touchHost,
} from "./hosts.ts";

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
  readonly news: readonly Topic[];
}

type Topic = "findings" | "hosts";

/** Milliseconds within which a host is not written again only to say that it was heard of. */
const seenWithin = 20_000;

/**
 * Applies what a host tells, and how far that is, in one transaction: what comes twice is applied once. Changes follow on what
 * was applied before, or nothing of them is applied. Undefined if the host was removed meanwhile.
 */
export async function applyReport(
  database: FleetDatabase,
  id: string,
  report: HostReport,
  now: number,
  areaOf: AreaOf,
): Promise<Applied | undefined> {
  const [applied] = await applyReports(database, [{ id, report }], now, areaOf);
  return applied;
}

export interface ReportOf {
  readonly id: string;
  readonly report: HostReport;
}

interface Known {
  readonly id: string;
  readonly name: string;
  readonly seen: number;
  readonly last: number;
}

/** What several hosts tell, each host once, all of it or nothing, with few statements. The answers are in the reports' order. */
export async function applyReports(
  database: FleetDatabase,
  reports: readonly ReportOf[],
  now: number,
  areaOf: AreaOf,
): Promise<readonly (Applied | undefined)[]> {
  return await atOnce(database, async (step) => {
    const ids = reports.map(({ id }) => id);
    await holdAll(
      step,
      ids.map((id) => `host ${id}`),
    );
    const rows = await step
      .selectFrom("reporter")
      .innerJoin("host", "host.id", "reporter.host")
      .select(["host.id", "host.name", "host.seen", "reporter.last"])
      .where("host.id", "in", ids)
      .execute();
    const known = new Map(rows.map((row) => [row.id, row]));
    const wrongClocks = await hostsWithWrongClock(step, ids);
    const applied = new Map<string, Applied>();
    const changes: HostChanges[] = [];
    const quiet: string[] = [];
    for (const { id, report } of reports) {
      const host = known.get(id);
      if (!host) continue;
      const news = new Set<Topic>();
      if (await judgeClock(step, host, report.ahead, now, wrongClocks.has(id))) news.add("findings");
      if (report.state) {
        await putHost(step, { ...report.state, id }, now);
        news.add("hosts");
      } else if (host.seen < now - silentAfter) await touchHost(step, id, host.seen, now);
      else if (host.seen < now - seenWithin) quiet.push(id);
      const { last, fresh, wantsWhole } = await follow(step, host, report, now, areaOf);
      if (fresh.length > 0) changes.push({ host: id, changes: fresh });
      const saysMore = report.details.length > 0 && !wantsWhole;
      if (last !== host.last || saysMore) news.add("findings");
      applied.set(id, { last, wantsWhole, news: [...news] });
    }
    if (quiet.length > 0) {
      await step.updateTable("host").set({ seen: now }).where("id", "in", quiet).execute();
    }
    if (changes.length > 0) await putChangesOf(step, changes, areaOf);
    for (const { id, report } of reports) {
      if (report.details.length > 0 && applied.get(id)?.wantsWhole === false) {
        await putDetails(step, id, report.details);
      }
    }
    await keepLast(
      step,
      [...applied].filter(([id, { last }]) => last !== known.get(id)?.last),
    );
    return ids.map((id) => applied.get(id));
  });
}

/** Takes in what is open as a whole, and gives the changes that follow on what was applied. */
async function follow(
  step: FleetDatabase,
  host: Known,
  { first, changes, whole, ahead }: HostReport,
  now: number,
  areaOf: AreaOf,
): Promise<{ readonly last: number; readonly fresh: readonly Change[]; readonly wantsWhole: boolean }> {
  let { last } = host;
  if (whole && whole.number > last) {
    await putOpen(step, host.id, whole.open, now, areaOf);
    last = whole.number;
  }
  const fresh = changes.slice(Math.max(0, last + 1 - first));
  // Nothing was ever told as a whole, or something is missing.
  const wantsWhole = last === 0 || (fresh.length > 0 && first > last + 1);
  if (fresh.length === 0 || wantsWhole) return { last, fresh: [], wantsWhole };
  const timed = fresh.map((change) => ({ ...change, time: trueTime(change.time, ahead, now) }));
  return { last: first + changes.length - 1, fresh: timed, wantsWhole };
}

async function keepLast(
  step: FleetDatabase,
  applied: readonly (readonly [host: string, { readonly last: number }])[],
): Promise<void> {
  if (applied.length === 0) return;
  const rows = applied.map(([host, { last }]) => sql`(${host}, cast(${last} as bigint))`);
  await sql`
    update reporter set last = told.column2
    from (values ${sql.join(rows)}) as told where reporter.host = told.column1`.execute(step);
}

/** The farthest back that a host can have waited to tell a change; milliseconds. */
const longestPast = 90 * 86_400_000;

/** The time by this machine's clock. Nothing happened in the future, and what has no time happened now. */
function trueTime(time: string, ahead: number, now: number): string {
  const told = Date.parse(time) - ahead;
  const at = Number.isNaN(told) ? now : Math.min(now, Math.max(now - longestPast, told));
  return new Date(at).toISOString();
}
