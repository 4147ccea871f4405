import type { Finding } from "../audit/finding.ts";
import type { EngineEvent } from "../engine/event.ts";
import type { Change } from "./change.ts";

/** What the metrics know beside what they count. */
export interface MetricsSource {
  /** The name of the watched host, for the label `host`. */
  readonly host: string;
  readonly version: string;
  readonly open: () => readonly Finding[];
  readonly connected: () => boolean;
}

/** Counts what happens, and prints it for Prometheus. */
export interface Metrics {
  event(event: EngineEvent): void;
  changes(changes: readonly Change[]): void;
  scanned(what: "full" | "part" | "sweep", seconds: number): void;
  /**
   * The text exposition format, version 0.0.4. No label holds a container's id or name: their number has no bound.
   *
   * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
   */
  text(): string;
}

/** Seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Actions that are counted by name; what else there may be is `other`. */
const actions = new Set(
  "create start restart stop die kill oom destroy rename update pause unpause attach detach exec_create exec_start exec_die exec_detach health_status connect disconnect mount unmount remove reload enable disable install prune".split(
    " ",
  ),
);

export function openMetrics(source: MetricsSource): Metrics {
  const events = new Map<string, number>();
  const drift = new Map<string, number>();
  const scans = new Map<string, { readonly counts: number[]; sum: number; count: number }>();
  let lastScan: number | undefined;

  return {
    event({ action }) {
      increment(events, actions.has(action) ? action : "other");
    },
    changes(changes) {
      for (const { change, finding, cause } of changes) {
        if (change !== "resolved" && cause.kind !== "start" && isDrift(finding))
          increment(drift, finding.control);
      }
    },
    scanned(what, seconds) {
      const scan = scans.get(what) ?? { counts: buckets.map(() => 0), sum: 0, count: 0 };
      scans.set(what, scan);
      for (const [index, bound] of buckets.entries()) {
        if (seconds <= bound) scan.counts[index] = (scan.counts[index] ?? 0) + 1;
      }
      scan.sum += seconds;
      scan.count += 1;
      if (what !== "part") lastScan = Date.now() / 1000;
    },
    text() {
      const host = { host: source.host };
      return [
        ...family("bulkhead_findings", "gauge", "Open findings.", findings(source)),
        ...family(
          "bulkhead_events_total",
          "counter",
          "Events that the Engine told, by action.",
          [...events].map(([action, value]) => sample("bulkhead_events_total", { ...host, action }, value)),
        ),
        ...family(
          "bulkhead_drift_total",
          "counter",
          "Findings that opened or changed where the kernel shows something else than the Engine, by control.",
          [...drift].map(([field, value]) => sample("bulkhead_drift_total", { ...host, field }, value)),
        ),
        ...family(
          "bulkhead_scan_duration_seconds",
          "histogram",
          "How long it took to read and judge: everything (full), what an event touched (part), the kernel (sweep).",
          [...scans].flatMap(([what, { counts, sum, count }]) => {
            const labels = { ...host, scan: what };
            const name = "bulkhead_scan_duration_seconds";
            return [
              ...buckets.map((bound, index) =>
                sample(`${name}_bucket`, { ...labels, le: String(bound) }, counts[index] ?? 0),
              ),
              sample(`${name}_bucket`, { ...labels, le: "+Inf" }, count),
              sample(`${name}_sum`, labels, Number(sum.toFixed(6))),
              sample(`${name}_count`, labels, count),
            ];
          }),
        ),
        ...family(
          "bulkhead_last_scan_timestamp_seconds",
          "gauge",
          "When everything, or the kernel, was last looked at.",
          lastScan === undefined
            ? []
            : [sample("bulkhead_last_scan_timestamp_seconds", host, Number(lastScan.toFixed(3)))],
        ),
        ...family("bulkhead_engine_up", "gauge", "Whether the Engine answers.", [
          sample("bulkhead_engine_up", host, source.connected() ? 1 : 0),
        ]),
        ...family("bulkhead_build_info", "gauge", "The version that watches.", [
          sample("bulkhead_build_info", { version: source.version }, 1),
        ]),
        "",
      ].join("\n");
    },
  };
}

/** The kernel fails what the Engine's configuration passes. */
function isDrift({ level, views }: Finding): boolean {
  return (
    level === "effective" && views.some((view) => view.level === "configured" && view.verdict === "pass")
  );
}

function findings({ host, open }: MetricsSource): readonly string[] {
  const counts = new Map<string, { readonly labels: Readonly<Record<string, string>>; number: number }>();
  for (const { control, severity, verdict } of open()) {
    const labels = { host, control, severity, status: verdict };
    const key = JSON.stringify(labels);
    const entry = counts.get(key) ?? { labels, number: 0 };
    entry.number += 1;
    counts.set(key, entry);
  }
  return [...counts.values()]
    .map(({ labels, number }) => sample("bulkhead_findings", labels, number))
    .toSorted();
}

function increment(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** A family without a sample still says that it is there. */
function family(name: string, type: string, help: string, samples: readonly string[]): readonly string[] {
  return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples];
}

function sample(name: string, labels: Readonly<Record<string, string>>, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) => `${key}="${escapeLabel(text)}"`);
  return `${name}{${pairs.join(",")}} ${value}`;
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
