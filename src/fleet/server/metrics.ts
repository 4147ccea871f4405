import { createRegistry } from "../../metrics/registry.ts";
import { severities } from "../../model/severity.ts";
import { countBySeverity, countFindings, openBySeverity } from "../store/findings/counts.ts";
import { silentAfter } from "../store/findings/own-findings.ts";
import { everything } from "../store/findings/query.ts";
import { countHosts } from "../store/hosts/overview.ts";
import { rulesWithQueues } from "../store/notifications/rules.ts";
import type { FleetDatabase } from "../store/open.ts";
import { inSight, type Sight } from "../store/teams/sight.ts";
import { listTeams } from "../store/teams/teams.ts";
import type { Service } from "./service.ts";

/** What Prometheus reads. What the process itself does is told to who sees every host. */
export async function metricsText(service: Service, now: number, sight: Sight): Promise<string> {
  const { database } = service;
  const began = performance.now();
  await database.selectFrom("setting").select("name").limit(1).execute();
  const latency = (performance.now() - began) / 1_000;
  const [counts, oldest, controls, teams, names, queues] = await Promise.all([
    fleetCounts(database, now, sight),
    oldestReport(database, now, sight),
    openBySeverity(database, "control", sight),
    openBySeverity(database, "team", sight),
    listTeams(database, sight),
    sight === "all" ? rulesWithQueues(database) : [],
  ]);
  const registry = createRegistry();
  const gauge = (name: string, help: string, number: number) => registry.gauge(name, help, () => number);
  registry.gauges("bulkhead_open_findings", "Open failures by severity.", ["severity"], () =>
    severities.map((severity) => ({ values: [severity], number: counts.open.get(severity) ?? 0 })),
  );
  const labels = ["control", "severity"];
  registry.gauges("bulkhead_control_open_findings", "Open failures by control and severity.", labels, () =>
    controls.map(({ key, severity, number }) => ({ values: [key, severity], number })),
  );
  const nameOf = new Map(names.map(({ id, name }) => [String(id), name]));
  registry.gauges(
    "bulkhead_team_open_findings",
    "Open failures by team and severity.",
    ["team", "severity"],
    () =>
      teams.flatMap(({ key, severity, number }) => {
        const name = nameOf.get(key);
        return name === undefined ? [] : [{ values: [name, severity], number }];
      }),
  );
  gauge("bulkhead_unknown_findings", "Open findings that could not be decided.", counts.unknown);
  gauge("bulkhead_accepted_findings", "Findings that an acceptance covers.", counts.accepted);
  gauge("bulkhead_hosts", "Hosts that are known.", counts.hosts);
  gauge("bulkhead_silent_hosts", "Hosts that nothing was heard of for five minutes.", counts.silentHosts);
  gauge("bulkhead_unreachable_engines", "Hosts whose Engine does not answer.", counts.unreachableEngines);
  gauge(
    "bulkhead_oldest_report_seconds",
    "Since the report of the host that is heard of for longest.",
    oldest,
  );
  if (sight !== "all") return registry.text();
  gauge("bulkhead_database_seconds", "For one question to the database.", latency);
  gauge("process_resident_memory_bytes", "Memory of this process.", process.memoryUsage.rss());
  const rules = (name: string, help: string, number: (rule: (typeof queues)[number]) => number) =>
    registry.gauges(name, help, ["rule"], () =>
      queues.map((rule) => ({ values: [rule.name], number: number(rule) })),
    );
  rules("bulkhead_notifications_waiting", "Changes that wait for a receiver.", ({ waiting }) => waiting);
  rules("bulkhead_notifications_lost", "Changes that a receiver will never get.", ({ lost }) => lost);
  rules("bulkhead_notification_failures", "Attempts in a row that failed.", ({ failures }) => failures);
  const counter = (name: string, help: string, number: number) =>
    registry.counters(name, help, [], () => [{ values: [], number }]);
  const { refused } = service;
  counter("bulkhead_refused_sign_ins_total", "Wrong passwords and what came too often.", refused.signIns);
  counter("bulkhead_refused_reports_total", "Reports that were asked to come again.", refused.reports);
  return registry.text();
}

/** Seconds since the report of the host that was heard of the longest ago; 0 without a host. */
async function oldestReport(database: FleetDatabase, now: number, sight: Sight): Promise<number> {
  const row = await database
    .selectFrom("host")
    .select((select) => select.fn.min("seen").as("seen"))
    .where(inSight("host.id", sight))
    .executeTakeFirst();
  return row?.seen == null ? 0 : Math.max(0, now - Number(row.seen)) / 1_000;
}

/** What Prometheus reads and OTLP sends: numbers, and no name that a workload chose. */
export interface FleetCounts {
  /** Open failures by severity; one that none has is left out. */
  readonly open: ReadonlyMap<string, number>;
  /** Open findings that could not be decided. */
  readonly unknown: number;
  readonly accepted: number;
  readonly hosts: number;
  readonly silentHosts: number;
  /** Hosts whose Engine does not answer. */
  readonly unreachableEngines: number;
}

export async function fleetCounts(database: FleetDatabase, now: number, sight: Sight): Promise<FleetCounts> {
  const [open, unknown, accepted, hosts, silentHosts, unreachableEngines] = await Promise.all([
    countBySeverity(database, { ...everything, sight, verdict: "fail" }),
    countFindings(database, { ...everything, sight, verdict: "unknown" }),
    countFindings(database, { ...everything, sight, state: "accepted" }),
    countHosts(database, sight),
    countHosts(database, sight, { seenBefore: now - silentAfter }),
    countHosts(database, sight, { connected: false }),
  ]);
  return { open, unknown, accepted, hosts, silentHosts, unreachableEngines };
}
