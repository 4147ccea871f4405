import { createRegistry } from "../../metrics/registry.ts";
import { severities } from "../../model/severity.ts";
import { countBySeverity, countFindings } from "../store/findings/counts.ts";
import { silentAfter } from "../store/findings/own-findings.ts";
import { everything } from "../store/findings/query.ts";
import { countHosts } from "../store/hosts/overview.ts";
import type { FleetDatabase } from "../store/open.ts";
import type { Sight } from "../store/teams/sight.ts";

/** What Prometheus reads. */
export async function metricsText(database: FleetDatabase, now: number, sight: Sight): Promise<string> {
  const counts = await fleetCounts(database, now, sight);
  const registry = createRegistry();
  registry.gauges("bulkhead_open_findings", "Open failures by severity.", ["severity"], () =>
    severities.map((severity) => ({ values: [severity], number: counts.open.get(severity) ?? 0 })),
  );
  registry.gauge(
    "bulkhead_unknown_findings",
    "Open findings that could not be decided.",
    () => counts.unknown,
  );
  registry.gauge("bulkhead_accepted_findings", "Findings that an acceptance covers.", () => counts.accepted);
  registry.gauge("bulkhead_hosts", "Hosts that are known.", () => counts.hosts);
  registry.gauge(
    "bulkhead_silent_hosts",
    "Hosts that nothing was heard of for five minutes.",
    () => counts.silentHosts,
  );
  registry.gauge(
    "bulkhead_unreachable_engines",
    "Hosts whose Engine does not answer.",
    () => counts.unreachableEngines,
  );
  return registry.text();
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
