import type { Finding } from "../../audit/finding.ts";
import type { EngineEvent } from "../../engine/event.ts";
import { createRegistry, type Registry, type Sample } from "../../metrics/registry.ts";
import type { Change } from "../change.ts";
import type { SilenceOf } from "../changes/gate.ts";
import type { OutputState } from "../outputs/output.ts";

/** What the metrics know beside what they count. */
export interface MetricsSource {
  /** The name of the watched host, for the label `host`. */
  readonly host: string;
  readonly version: string;
  readonly open: () => readonly Finding[];
  /** What somebody acknowledged or silenced. */
  readonly silenceOf: () => SilenceOf;
  readonly connected: () => boolean;
  readonly outputs: () => readonly OutputState[];
  /** How many probes have each outcome, and when the latest proof was, in seconds since 1970; undefined where nothing is proven. */
  readonly proofs: () => ProofState | undefined;
}

export interface ProofState {
  readonly counts: readonly { readonly outcome: string; readonly count: number }[];
  readonly latest: number | undefined;
}

/** Counts what happens, and prints it for Prometheus. */
export interface Metrics {
  event(event: EngineEvent): void;
  changes(changes: readonly Change[]): void;
  /** Changes that a silence keeps from the outputs. */
  silenced(changes: readonly Change[]): void;
  scanned(what: "full" | "part" | "sweep", seconds: number): void;
  kernelEvents(told: number, lost: number): void;
  muted(containers: number): void;
  eventLost(): void;
  sweepLate(): void;
  /**
   * The text exposition format, version 0.0.4. No label holds a container's id or name: their number has no bound.
   *
   * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
   */
  text(): string;
}

/** Seconds. */
const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Actions that are counted by name; what else there may be is `other`. */
const actions = new Set(
  "create start restart stop die kill oom destroy rename update pause unpause attach detach exec_create exec_start exec_die exec_detach health_status connect disconnect mount unmount remove reload enable disable install prune".split(
    " ",
  ),
);

export function openMetrics(source: MetricsSource): Metrics {
  const { host } = source;
  const registry = createRegistry();
  const drifts = openDriftFields();
  let lastScan: number | undefined;
  registry.gauges("bulkhead_findings", "Open findings.", ["host", "control", "severity", "status"], () =>
    findings(source),
  );
  const events = registry.counter("bulkhead_events_total", "Events that the Engine told, by action.", [
    "host",
    "action",
  ]);
  const drift = registry.counter(
    "bulkhead_drift_total",
    "What the kernel began to enforce less than the Engine says, by control.",
    ["host", "field"],
  );
  const changed = registry.counter(
    "bulkhead_changes_total",
    "Changes since the watch began, without what was open at its start.",
    ["host", "control", "severity", "change"],
  );
  const silenced = registry.counter(
    "bulkhead_silenced_changes_total",
    "Changes that an acknowledgement or a silence kept from the outputs since the watch began.",
    ["host", "control", "severity", "change"],
  );
  const lost = registry.counter(
    "bulkhead_events_lost_total",
    "Events of the Engine that could not be read, and changes of containers that a sweep found and no event told of.",
    ["host"],
  );
  const late = registry.counter(
    "bulkhead_sweeps_late_total",
    "Sweeps that began later than they were to, by more than the time between two.",
    ["host"],
  );
  // A counter that is there from the beginning shows its first increase.
  lost.add([host], 0);
  late.add([host], 0);
  const kernelCalls = registry.counter(
    "bulkhead_kernel_events_total",
    "Calls that the kernel told of between sweeps.",
    ["host"],
  );
  const kernelLost = registry.counter(
    "bulkhead_kernel_events_lost_total",
    "Calls that the kernel did not tell of, because they came too fast.",
    ["host"],
  );
  let muted = 0;
  registry.gauges(
    "bulkhead_muted_containers",
    "Containers that make so many calls that the kernel does not tell of them: they are looked at every three seconds.",
    ["host"],
    () => [{ values: [host], number: muted }],
  );
  outputMetrics(registry, source);
  const scans = registry.histogram(
    "bulkhead_scan_duration_seconds",
    "How long it took to read and judge: everything (full), what an event touched (part), the kernel (sweep).",
    ["host", "scan"],
    bounds,
  );
  registry.gauges(
    "bulkhead_last_scan_timestamp_seconds",
    "When everything, or the kernel, was last looked at.",
    ["host"],
    () => (lastScan === undefined ? [] : [{ values: [host], number: Number(lastScan.toFixed(3)) }]),
  );
  registry.gauges(
    "bulkhead_proof_probes",
    "Probes by their latest outcome, of all containers that were proven.",
    ["host", "outcome"],
    () =>
      (source.proofs()?.counts ?? []).map(({ outcome, count }) => ({
        values: [host, outcome],
        number: count,
      })),
  );
  registry.gauges(
    "bulkhead_last_proof_timestamp_seconds",
    "When a container was proven last.",
    ["host"],
    () => {
      const latest = source.proofs()?.latest;
      return latest === undefined ? [] : [{ values: [host], number: Number(latest.toFixed(3)) }];
    },
  );
  registry.gauges("bulkhead_engine_up", "Whether the Engine answers.", ["host"], () => [
    { values: [host], number: source.connected() ? 1 : 0 },
  ]);
  registry.gauges("bulkhead_build_info", "The version that watches.", ["version"], () => [
    { values: [source.version], number: 1 },
  ]);
  return {
    event: ({ action }) => events.add([host, actions.has(action) ? action : "other"]),
    changes(changes) {
      for (const each of changes) {
        const { change, finding, cause } = each;
        const differences = drifts.news(each);
        if (cause.kind === "start") continue;
        changed.add([host, finding.control, finding.severity, change]);
        for (let counted = 0; counted < differences; counted += 1) drift.add([host, finding.control]);
      }
    },
    silenced(changes) {
      for (const { change, finding } of changes)
        silenced.add([host, finding.control, finding.severity, change]);
    },
    scanned(what, seconds) {
      scans.observe([host, what], seconds);
      if (what !== "part") lastScan = Date.now() / 1000;
    },
    eventLost: () => lost.add([host], 1),
    sweepLate: () => late.add([host], 1),
    kernelEvents(told, lost) {
      kernelCalls.add([host], told);
      kernelLost.add([host], lost);
    },
    muted(containers) {
      muted = containers;
    },
    text: registry.text,
  };
}

/** What the outputs that keep a count have delivered, and what waits. The names come from the configuration: they are few. */
function outputMetrics(registry: Registry, { host, outputs }: MetricsSource): void {
  const family = (
    kind: "counters" | "gauges",
    name: string,
    help: string,
    numberOf: (state: OutputState) => number,
  ) =>
    registry[kind](name, help, ["host", "output"], () =>
      outputs().map((state) => ({ values: [host, state.name], number: numberOf(state) })),
    );
  family("counters", "bulkhead_output_sent_total", "Changes that an output delivered.", ({ sent }) => sent);
  family("counters", "bulkhead_output_failures_total", "Deliveries that failed.", ({ failures }) => failures);
  family("gauges", "bulkhead_output_waiting", "Changes that wait for delivery.", ({ waiting }) => waiting);
  family(
    "gauges",
    "bulkhead_output_oldest_seconds",
    "How long the oldest change waits for delivery.",
    ({ oldest }) => (oldest === undefined ? 0 : Number((Date.now() / 1000 - oldest).toFixed(3))),
  );
}

/** The kernel fails what the Engine's configuration passes. */
function findings({ host, open, silenceOf }: MetricsSource): readonly Sample[] {
  const silence = silenceOf();
  const counts = new Map<string, { readonly values: readonly string[]; number: number }>();
  for (const finding of open()) {
    const { control, severity, verdict } = finding;
    const values = [host, control, severity, silence(finding)?.kind ?? verdict];
    const key = values.join("\0");
    const entry = counts.get(key) ?? { values, number: 0 };
    entry.number += 1;
    counts.set(key, entry);
  }
  return [...counts].toSorted(([a], [b]) => a.localeCompare(b, "en")).map(([, sample]) => sample);
}

/** In what the kernel began to enforce less than the Engine says, for a counter. */
interface DriftFields {
  /** How much a change adds: each new field of `drift`, or a control that fails in the kernel and passes by the Engine. */
  news(change: Change): number;
}

function openDriftFields(): DriftFields {
  const known = new Map<string, ReadonlySet<string>>();
  return {
    news({ change, finding, was }) {
      const { control, subject, level, views, since = {} } = finding;
      if (control !== "drift") {
        const isPassed = views.some((view) => view.level === "configured" && view.verdict === "pass");
        return change !== "resolved" && level === "effective" && isPassed && was === undefined ? 1 : 0;
      }
      const before = known.get(was ?? subject);
      known.delete(was ?? subject);
      if (change === "resolved") return 0;
      const fields = Object.keys(since);
      known.set(subject, new Set(fields));
      return fields.filter((field) => !before?.has(field)).length;
    },
  };
}
