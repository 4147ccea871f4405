import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { protocolVersion } from "../../protocol/report.ts";
import { appendAudit } from "../../store/accounts/audit-log.ts";
import { whyDatabase } from "../../store/database.ts";
import { judgeClone } from "../../store/findings/own-findings.ts";
import { enrol } from "../../store/hosts/enrolments.ts";
import { putGuards } from "../../store/hosts/guards.ts";
import type { AreaOf } from "../../store/hosts/hosts.ts";
import { tellJobs } from "../../store/hosts/jobs.ts";
import { putPortrait } from "../../store/hosts/portraits.ts";
import { putProofs } from "../../store/hosts/proofs.ts";
import { type Applied, applyReport, applyReports, type HostReport } from "../../store/hosts/reports.ts";
import type { FleetDatabase } from "../../store/open.ts";
import { failure } from "../api/shapes.ts";
import { body, json, route } from "../http/access.ts";
import { addressOf } from "../http/address.ts";
import { bearerOf, type Carried, unknownHost, unknownToken } from "../http/session.ts";
import { newerAcceptances } from "../ignores-file.ts";
import type { Service } from "../service.ts";
import { hashToken } from "../sign-in/passwords.ts";
import { enrolled, enrolRequest, reportAnswer, reportRequest } from "./shapes.ts";

const noJobs = { job: undefined, isNews: false };

const busy = json(failure, "Not now; Retry-After says when to try again");

/** The routes of hosts: enrolment by a token that an administrator made, and reports. */
export function addIngest(api: OpenAPIHono<Carried>, service: Service) {
  const { database, news, areaOf, say } = service;
  const take = gatherReports(database, areaOf);
  const clones = openClones();
  let isFailing = false;

  /** The database may be gone for a moment: hosts keep what they have to tell. */
  function notNow(context: Context, error: unknown) {
    if (!isFailing) say(`reports cannot be kept: ${whyDatabase(error)}; hosts are asked to wait`);
    isFailing = true;
    service.refused.reports += 1;
    context.header("retry-after", String(5 + Math.floor(Math.random() * 10)));
    return { error: "The database cannot be written now." };
  }

  function recovered(): void {
    if (isFailing) say("reports are kept again");
    isFailing = false;
  }

  return api
    .openapi(
      route("enrolling", {
        method: "post",
        path: "/ingest/enrol",
        summary: "Enrol a host by a token, with the SHA-256 of a key that the host made",
        request: { body: body(enrolRequest) },
        responses: { 200: json(enrolled, "The host may report"), 503: busy },
      }),
      async (context) => {
        const token = bearerOf(context);
        if (token === undefined) return context.json(unknownToken, 401);
        const { key, host } = context.req.valid("json");
        const now = Date.now();
        try {
          const made = await enrol(database, {
            token: hashToken(token),
            key,
            host: { ...host, containers: containersOf(host.containers) },
            now,
          });
          recovered();
          if (!made) return context.json(unknownToken, 401);
          if (made.isNew) {
            const detail = { id: made.id, name: host.name };
            await appendAudit(database, { who: "bulkhead", what: "host enrolled", detail, now });
            news.tell("hosts", made.id);
          }
          return context.json({ id: made.id }, 200);
        } catch (error) {
          return context.json(notNow(context, error), 503);
        }
      },
    )

    .openapi(
      route("host", {
        method: "post",
        path: "/ingest/report",
        summary: "Tell what is open on a host, and what changed",
        request: { body: body(reportRequest) },
        responses: { 200: json(reportAnswer, "How far it is kept"), 503: busy },
      }),
      async (context) => {
        const reporter = context.get("reporter");
        if (!reporter) return context.json(unknownHost, 401);
        const {
          sent,
          host,
          accepted: has,
          portrait,
          guards,
          jobs,
          proofs,
          ...report
        } = context.req.valid("json");
        const now = Date.now();
        const state = host && { ...host, containers: containersOf(host.containers) };
        try {
          const told = { ...report, whole: report.whole, state, ahead: sent - now };
          const applied = await take(reporter.id, told, now);
          recovered();
          if (!applied) return context.json(unknownHost, 401);
          const addresses = clones(reporter.id, addressOf(context, service.proxies), now);
          if (addresses !== undefined) {
            const found = addresses === "one" ? undefined : addresses;
            if (await judgeClone(database, reporter, found, now)) news.tell("findings", reporter.id);
          }
          if (portrait) {
            const taken = Math.min(now, portrait.taken - (sent - now));
            await putPortrait(database, reporter.id, { ...portrait, taken });
            news.tell("hosts", reporter.id);
          }
          if (guards) {
            const at = { number: guards.number, ahead: sent - now, now };
            if (await putGuards(database, reporter.id, guards, at)) news.tell("decisions", reporter.id);
          }
          if (proofs) {
            const at = { ...proofs, ahead: sent - now };
            if (await putProofs(database, reporter.id, at, now)) news.tell("findings", reporter.id);
          }
          const { job, isNews } = jobs ? await tellJobs(database, reporter.id, jobs, now) : noJobs;
          if (isNews) news.tell("findings", reporter.id);
          for (const topic of applied.news) news.tell(topic, reporter.id);
          const { last, wantsWhole } = applied;
          const newer =
            has === undefined ? undefined : await newerAcceptances(database, reporter.id, has, now);
          const accepted = newer && { ...newer, ignores: newer.ignores.map((each) => ({ ...each })) };
          return context.json({ last, wantsWhole, now, protocol: protocolVersion, accepted, job }, 200);
        } catch (error) {
          return context.json(notNow(context, error), 503);
        }
      },
    );
}

function containersOf(
  told:
    | readonly {
        readonly name: string;
        readonly image?: string | undefined;
        readonly project?: string | undefined;
        readonly running: boolean;
      }[]
    | undefined,
) {
  if (told === undefined) return undefined;
  // Told twice, the last counts: the database refuses two of one name in one statement.
  const byName = new Map(told.map((each) => [each.name, each]));
  return [...byName.values()].map(({ name, image, project, running }) => ({ name, image, project, running }));
}

/** Milliseconds within which so many returns to the address before are no change of address, but two machines. */
const within = 15 * 60_000;
const returns = 4;
/** Milliseconds for which one address has to report alone. */
const alone = 60 * 60_000;
const mostHosts = 50_000;

interface Seen {
  current: string;
  before: string | undefined;
  /** When it came back to the address before, the last ones. */
  returned: readonly number[];
  /** Since when the current one reports. */
  since: number;
}

type Clones = (host: string, address: string, now: number) => readonly [string, string] | "one" | undefined;

/**
 * Notices a host whose key two machines have: their addresses report in turn. A machine that moves, or comes by a new address each
 * time, does not return. `one`: a single address has reported for an hour.
 */
export function openClones(): Clones {
  const hosts = new Map<string, Seen>();
  return (host, address, now) => {
    const seen = hosts.get(host);
    if (!seen) {
      if (hosts.size >= mostHosts) hosts.clear();
      hosts.set(host, { current: address, before: undefined, returned: [], since: now });
      return undefined;
    }
    if (address === seen.current) return now - seen.since >= alone ? "one" : undefined;
    const isReturn = address === seen.before;
    seen.returned = isReturn ? [...seen.returned, now].slice(-returns) : [];
    seen.before = seen.current;
    seen.current = address;
    seen.since = now;
    const [first] = seen.returned;
    return seen.returned.length === returns && first !== undefined && now - first <= within
      ? [address, seen.before]
      : undefined;
  };
}

/** Reports that one transaction takes, and their changes. */
const mostTogether = 64;
const mostChanges = 500;
/** Transactions at the same time. */
const mostAtOnce = 2;

interface Waiting {
  readonly id: string;
  readonly report: HostReport;
  readonly done: (applied: Applied | undefined) => void;
  readonly failed: (error: unknown) => void;
}

/** Applies a report; undefined if the host was removed. */
type TakeReport = (id: string, report: HostReport, now: number) => Promise<Applied | undefined>;

/**
 * Applies small reports of several hosts together: what waits while a transaction is under way goes with the next. A transaction
 * costs the database the same for one change as for fifty.
 */
export function gatherReports(database: FleetDatabase, areaOf: AreaOf): TakeReport {
  let waiting: Waiting[] = [];
  let running = 0;

  function run(): void {
    while (running < mostAtOnce && waiting.length > 0) {
      const group = takeGroup();
      running += 1;
      void apply(group).finally(() => {
        running -= 1;
        run();
      });
    }
  }

  /** The oldest that wait, each host once: the second report of a host builds on the first. */
  function takeGroup(): readonly Waiting[] {
    const group: Waiting[] = [];
    const rest: Waiting[] = [];
    const hosts = new Set<string>();
    let changes = 0;
    for (const each of waiting) {
      const size = each.report.changes.length;
      const fits = group.length < mostTogether && (group.length === 0 || changes + size <= mostChanges);
      if (!fits || hosts.has(each.id)) {
        rest.push(each);
        continue;
      }
      group.push(each);
      hosts.add(each.id);
      changes += size;
    }
    waiting = rest;
    return group;
  }

  async function apply(group: readonly Waiting[]): Promise<void> {
    const now = Date.now();
    try {
      const applied = await applyReports(database, group, now, areaOf);
      for (const [index, { done }] of group.entries()) done(applied[index]);
    } catch (error) {
      if (group.length === 1) {
        group[0]?.failed(error);
        return;
      }
      // One that cannot be kept does not take the others with it.
      await Promise.all(
        group.map(({ id, report, done, failed }) =>
          applyReport(database, id, report, now, areaOf).then(done, failed),
        ),
      );
    }
  }

  return (id, report, now) => {
    const isSmall = !report.state && !report.whole && report.details.length === 0;
    if (!isSmall) return applyReport(database, id, report, now, areaOf);
    return new Promise((done, failed) => {
      waiting.push({ id, report, done, failed });
      run();
    });
  };
}
