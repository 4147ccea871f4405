import { createRegistry } from "../metrics/registry.ts";
import { severities } from "../model/severity.ts";
import { countBySeverity, countFindings } from "../store/fleet/findings/counts.ts";
import { silentAfter } from "../store/fleet/findings/own-findings.ts";
import { everything } from "../store/fleet/findings/query.ts";
import { countHosts } from "../store/fleet/hosts/overview.ts";
import type { FleetDatabase } from "../store/fleet/open.ts";
import type { Sight } from "../store/fleet/teams/sight.ts";

/** What Prometheus reads: counts, and no name that a workload chose. */
export async function metricsText(database: FleetDatabase, now: number, sight: Sight): Promise<string> {
  const [open, unknown, accepted, hosts, silent, unreachable] = await Promise.all([
    countBySeverity(database, { ...everything, sight, verdict: "fail" }),
    countFindings(database, { ...everything, sight, verdict: "unknown" }),
    countFindings(database, { ...everything, sight, state: "accepted" }),
    countHosts(database, sight),
    countHosts(database, sight, { seenBefore: now - silentAfter }),
    countHosts(database, sight, { connected: false }),
  ]);
  const registry = createRegistry();
  registry.gauges("bulkhead_open_findings", "Open failures by severity.", ["severity"], () =>
    severities.map((severity) => ({ values: [severity], number: open.get(severity) ?? 0 })),
  );
  registry.gauge("bulkhead_unknown_findings", "Open findings that could not be decided.", () => unknown);
  registry.gauge("bulkhead_accepted_findings", "Findings that an acceptance covers.", () => accepted);
  registry.gauge("bulkhead_hosts", "Hosts that are known.", () => hosts);
  registry.gauge("bulkhead_silent_hosts", "Hosts that nothing was heard of for five minutes.", () => silent);
  registry.gauge("bulkhead_unreachable_engines", "Hosts whose Engine does not answer.", () => unreachable);
  return registry.text();
}
