import { createRegistry } from "../../metrics/registry.ts";
import { severities } from "../../model/severity.ts";
import type { FleetDatabase } from "../store/open.ts";
import type { Sight } from "../store/teams/sight.ts";
import { fleetCounts } from "./counts.ts";

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
