import { createRegistry, type Registry } from "../metrics/registry.ts";
import type { Judged } from "./judge/judge.ts";
import { rulesOf } from "./log/entry.ts";

/** What the guard counts. Labels are ids of routes, verdicts and rules, and names of clients out of the policy. */
export interface GuardMetrics {
  readonly registry: Registry;
  /** A decision and the seconds that it took. */
  decided(client: string, judged: Judged, seconds: number): void;
  /** A request that was no HTTP, or none that is served: by its status. */
  refused(status: number): void;
  /** The seconds until the Engine began to answer. */
  answered(route: string, seconds: number): void;
  engineFailed(): void;
  logFailed(): void;
  reloaded(ok: boolean): void;
}

/** Seconds. */
const bounds = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5];

export function guardMetrics(): GuardMetrics {
  const registry = createRegistry();
  const requests = registry.counter(
    "bulkhead_guard_requests_total",
    "Requests that were decided on, by client, route and verdict.",
    ["client", "route", "verdict"],
  );
  const rules = registry.counter(
    "bulkhead_guard_rules_total",
    "Controls and rules that denied, changed or warned of a request.",
    ["rule", "verdict"],
  );
  const refusals = registry.counter(
    "bulkhead_guard_refused_total",
    "Requests that could not be read, by the status that answered them.",
    ["status"],
  );
  const decisions = registry.histogram(
    "bulkhead_guard_decision_seconds",
    "Time from a request's last byte to its decision, questions to the Engine included.",
    ["route"],
    bounds,
  );
  const answers = registry.histogram(
    "bulkhead_guard_engine_seconds",
    "Time until the Engine began to answer.",
    ["route"],
    bounds,
  );
  const failures = registry.counter(
    "bulkhead_guard_engine_failures_total",
    "Requests that the Engine did not answer.",
    [],
  );
  const unlogged = registry.counter(
    "bulkhead_guard_log_failures_total",
    "Requests that were denied because their decision could not be logged.",
    [],
  );
  const reloads = registry.counter(
    "bulkhead_guard_reloads_total",
    "Reloads of the policy, by their outcome.",
    ["outcome"],
  );
  return {
    registry,
    decided(client, judged, seconds) {
      const route = judged.route?.id ?? "unknown";
      requests.add([client, route, judged.verdict]);
      decisions.observe([route], seconds);
      const isDenied = judged.verdict === "deny";
      const found = isDenied ? rulesOf(judged.reasons, [], []) : rulesOf([], judged.changes, judged.warnings);
      for (const rule of found) rules.add([rule, judged.verdict]);
    },
    refused: (status) => refusals.add([String(status)]),
    answered: (route, seconds) => answers.observe([route], seconds),
    engineFailed: () => failures.add([]),
    logFailed: () => unlogged.add([]),
    reloaded: (ok) => reloads.add([ok ? "taken" : "refused"]),
  };
}
