import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Benchmark } from "../../../audit/benchmark/benchmark.ts";
import type { PortraitResult } from "../../protocol/report.ts";
import { countByVerdict, countFindings } from "../../store/findings/counts.ts";
import { listFindings, openDocuments } from "../../store/findings/findings.ts";
import { silentAfter } from "../../store/findings/own-findings.ts";
import { everything, type FindingState } from "../../store/findings/query.ts";
import {
  containersOf,
  countHosts,
  latestChanges,
  listHosts,
  matrix,
  riskiest,
  riskiestHosts,
} from "../../store/hosts/overview.ts";
import { portraitOf, settingChanges } from "../../store/hosts/portraits.ts";
import { lastProven } from "../../store/hosts/proofs.ts";
import { type TrendGroup, trends } from "../../store/hosts/trends.ts";
import type { Sight } from "../../store/teams/sight.ts";
import { listTeams } from "../../store/teams/teams.ts";
import { json, route, sightOf } from "../http/access.ts";
import type { Carried } from "../http/session.ts";
import { openLately } from "../lately.ts";
import type { Service } from "../service.ts";
import { cisOf, knownSeverity, listed, severityOf } from "./findings.ts";
import {
  containerDetail,
  failure,
  type HostPortrait,
  hostDetail,
  hostPortrait,
  hosts,
  hostsRequest,
  overview,
  overviewRequest,
  trendLines,
  trendsRequest,
} from "./shapes.ts";

const day = 86_400_000;

/** Hosts that the overview shows: the riskiest, and of those that are silent. */
const mostShown = 100;

type ChangeRow = Awaited<ReturnType<typeof latestChanges>>[number];

/** The overview, the hosts, and what runs on them. */
export function addHosts(api: OpenAPIHono<Carried>, service: Service) {
  const { database, titleOf } = service;

  const hostOf = async (id: string, sight: Sight) => (await listHosts(database, sight, { ids: [id] }))[0];

  const lately = openLately();

  async function openNow(now: number, sight: Sight) {
    const [open, { times, series }] = await Promise.all([
      countByVerdict(database, sight),
      trends(database, { by: "severity", days: 30, now, sight }),
    ]);
    const days = times.map((time, index) => ({
      time,
      bySeverity: Object.fromEntries(series.map(({ key, values }) => [key, values[index] ?? 0])),
    }));
    return { ...open, days };
  }

  async function worstHosts(sight: Sight) {
    const hostCount = await countHosts(database, sight);
    const riskiest = () => riskiestHosts(database, sight, mostShown);
    // Which of thousands are worst adds up what is open on all of them.
    const ids = await (hostCount > mostShown ? lately(JSON.stringify(sight), riskiest) : riskiest());
    const place = new Map(ids.map((id, index) => [id, index]));
    const [list, cells] = await Promise.all([
      ids.length === 0 ? [] : listHosts(database, sight, { ids }),
      matrix(database, ids, sight),
    ]);
    const shownHosts = list.toSorted((one, other) => (place.get(one.id) ?? 0) - (place.get(other.id) ?? 0));
    return { hostCount, shownHosts, cells };
  }

  /** What people call the lines of a trend. */
  async function namesOf(by: TrendGroup, keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (by === "control") return new Map(keys.map((key) => [key, titleOf(key) || key]));
    if (by === "cis") return new Map([["", "CIS Docker Benchmark: met, in percent"]]);
    if (keys.length === 0 || by === "severity") return new Map();
    if (by === "team")
      return new Map((await listTeams(database, "all")).map(({ id, name }) => [String(id), name]));
    const hosts = await listHosts(database, "all", { ids: keys });
    return new Map(hosts.map(({ id, name }) => [id, name]));
  }

  return api
    .openapi(
      route("viewer", {
        method: "get",
        path: "/overview",
        "x-hosts": "hosts in sight",
        summary: "What is open, where, since when, and whether it gets better",
        request: { query: overviewRequest },
        responses: { 200: json(overview, "All that the first page shows") },
      }),
      async (context) => {
        const now = Date.now();
        const sight = sightOf(context);
        const silentHosts = { seenBefore: now - silentAfter };
        const since = context.req.valid("query").since ?? now - day;
        const query = { ...everything, sight, since } as const;
        const number = (state: FindingState) => countFindings(database, { ...query, state });
        const [open, fresh, counts, risks, { hostCount, shownHosts, cells }, silent, silentCount] =
          await Promise.all([
            openNow(now, sight),
            listFindings(database, { ...query, verdict: "fail" }, { offset: 0, limit: 10 }),
            Promise.all([number("open"), number("worse"), number("resolved"), number("accepted")]),
            riskiest(database, 10, sight),
            worstHosts(sight),
            listHosts(database, sight, { ...silentHosts, limit: mostShown }),
            countHosts(database, sight, silentHosts),
          ]);
        const [opened, worse, mended, accepted] = counts;
        return context.json(
          {
            bySeverity: Object.fromEntries(open.fails),
            unknown: open.unknown,
            since,
            changed: { opened, worse, mended, accepted },
            fresh: await listed(fresh, service),
            trend: open.days,
            matrix: cells.map(({ weight, ...cell }) => ({ ...cell, severity: severityOf(weight) })),
            riskiest: risks.map(({ weight, risk: _, why, ...each }) => ({
              ...each,
              severity: severityOf(Number(weight)),
              why: why.map(titleOf),
            })),
            hosts: shownHosts,
            hostCount,
            silent: silent.map(({ id, name, seen }) => ({ id, name, seen })),
            silentCount,
          },
          200,
        );
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/trends",
        "x-hosts": "hosts in sight",
        summary:
          "Open failures over time by severity, host, team or control; or how much of the CIS benchmark is met",
        request: { query: trendsRequest },
        responses: { 200: json(trendLines, "A value for each time and line; the last time is now") },
      }),
      async (context) => {
        const query = { ...context.req.valid("query"), sight: sightOf(context) };
        const { times, series } = await lately(JSON.stringify(["trends", query]), () =>
          trends(database, { ...query, now: Date.now() }),
        );
        const names = await namesOf(
          query.by,
          series.map(({ key }) => key),
        );
        return context.json(
          {
            times: [...times],
            series: series.map(({ key, values }) => ({
              ...{ key, name: names.get(key) ?? key },
              values: [...values],
            })),
          },
          200,
        );
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/hosts",
        "x-hosts": "hosts in sight",
        summary: "Hosts by name",
        request: { query: hostsRequest },
        responses: { 200: json(hosts, "A page of them, and how many there are in all") },
      }),
      async (context) => {
        const { q: text, sort, offset, limit, since, before } = context.req.valid("query");
        const sight = sightOf(context);
        const changed = { since, before };
        const [list, total] = await Promise.all([
          listHosts(database, sight, { text, changed, sort, offset, limit }),
          countHosts(database, sight, { text, changed }),
        ]);
        return context.json({ total, hosts: list }, 200);
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/hosts/{id}",
        "x-hosts": "hosts in sight",
        summary: "A host, its containers and what changed there",
        request: { params: z.object({ id: z.string() }) },
        responses: { 200: json(hostDetail, "The host"), 404: json(failure, "Not found") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        const sight = sightOf(context);
        const host = await hostOf(id, sight);
        if (!host) return context.json({ error: "Host not found." }, 404);
        const [containers, proven, changes] = await Promise.all([
          containersOf(database, id, sight),
          lastProven(database, id),
          latestChanges(database, { host: id, limit: 100, sight }),
        ]);
        const list = containers.map((each) => ({ ...each, proven: proven.get(each.name) ?? null }));
        return context.json({ ...host, list, changes: changes.map(shownChange) }, 200);
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/hosts/{id}/portrait",
        "x-hosts": "hosts in sight",
        summary: "What a host's daemon and kernel are set to, and how it meets the CIS Docker Benchmark",
        request: { params: z.object({ id: z.string() }) },
        responses: { 200: json(hostPortrait, "As of when it was taken"), 404: json(failure, "Not found") },
      }),
      async (context) => {
        const { id } = context.req.valid("param");
        if (!(await hostOf(id, sightOf(context)))) return context.json({ error: "Host not found." }, 404);
        const [portrait, changes] = await Promise.all([
          portraitOf(database, id),
          settingChanges(database, id, 100),
        ]);
        if (!portrait) return context.json({ taken: null, settings: [], changes, benchmark: null }, 200);
        const { taken, settings, benchmark } = portrait;
        const known = service.benchmarks.find((each) => each.id === benchmark.id);
        return context.json(
          {
            taken,
            settings: [...settings],
            changes,
            benchmark: known ? shownBenchmark(known, benchmark.results) : null,
          },
          200,
        );
      },
    )

    .openapi(
      route("viewer", {
        method: "get",
        path: "/hosts/{id}/containers/{name}",
        "x-hosts": "hosts in sight",
        summary: "A container: what each level says of it, how to mend it, and what changed",
        request: { params: z.object({ id: z.string(), name: z.string() }) },
        responses: { 200: json(containerDetail, "The container"), 404: json(failure, "Not found") },
      }),
      async (context) => {
        const { id, name } = context.req.valid("param");
        // Commands that docker exec started in it belong to it.
        const subjects = [`container:${name}`, `exec:${name}`];
        const sight = sightOf(context);
        const container = (await containersOf(database, id, sight)).find((each) => each.name === name);
        const host = await hostOf(id, sight);
        if (!host || !container) return context.json({ error: "Container not found." }, 404);
        const rows = await openDocuments(database, id, subjects, sight);
        const changes = await latestChanges(database, { host: id, subjects, limit: 200, sight });
        return context.json(
          {
            host: id,
            hostName: host.name,
            name,
            image: container.image,
            project: container.project,
            running: container.running,
            findings: rows.map(({ control, document, ...row }) => ({
              ...row,
              title: titleOf(control),
              cis: cisOf(control),
              finding: JSON.parse(document) as Record<string, unknown>,
            })),
            changes: changes.map(shownChange),
          },
          200,
        );
      },
    );
}

/** Each recommendation with what the host told of it. One that its bulkhead does not know is unknown. */
function shownBenchmark(
  { title, sections }: Benchmark,
  told: readonly PortraitResult[],
): NonNullable<HostPortrait["benchmark"]> {
  const byNumber = new Map(told.map((each) => [each.number, each]));
  return {
    title,
    sections: sections.map((section) => ({
      number: section.number,
      title: section.title,
      results: section.recommendations.map(({ number, title, level, scored, controls }) => {
        const result = byNumber.get(number);
        const asked = { number, title, level, scored, controls: [...controls] };
        return result
          ? { ...asked, ...result, evidence: [...result.evidence] }
          : { ...asked, outcome: "unknown" as const, evidence: [], more: 0, remedy: null };
      }),
    })),
  };
}

function shownChange({ severity, cause, ...row }: ChangeRow) {
  return { ...row, severity: knownSeverity(severity), cause: JSON.parse(cause) as unknown };
}
