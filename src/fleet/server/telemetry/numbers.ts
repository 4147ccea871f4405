import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { severities } from "../../../model/severity.ts";
import type { FleetCounts } from "../metrics.ts";

/** Reads when it is asked to, and sends nothing by itself. */
class ReadOnce extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

/** An ExportMetricsServiceRequest: the counts as gauges. `source`: what they are of. */
export async function metricsRequest(
  version: string,
  source: Readonly<Record<string, string>>,
  counts: FleetCounts,
): Promise<Uint8Array> {
  const reader = new ReadOnce();
  const provider = new MeterProvider({
    resource: resourceFromAttributes({ "service.name": "bulkhead", "service.version": version, ...source }),
    readers: [reader],
  });
  const meter = provider.getMeter("bulkhead", version);
  const gauge = (name: string, unit: string, description: string) =>
    meter.createGauge(name, { unit, description });
  const open = gauge("bulkhead.findings.open", "{finding}", "Open failures by severity.");
  for (const severity of severities) open.record(counts.open.get(severity) ?? 0, { severity });
  const single = [
    ["bulkhead.findings.unknown", "{finding}", "Open findings that could not be decided.", counts.unknown],
    ["bulkhead.findings.accepted", "{finding}", "Findings that an acceptance covers.", counts.accepted],
    ["bulkhead.hosts.known", "{host}", "Hosts that are known.", counts.hosts],
    [
      "bulkhead.hosts.silent",
      "{host}",
      "Hosts that nothing was heard of for five minutes.",
      counts.silentHosts,
    ],
    [
      "bulkhead.engines.unreachable",
      "{host}",
      "Hosts whose Engine does not answer.",
      counts.unreachableEngines,
    ],
  ] as const;
  for (const [name, unit, description, number] of single) gauge(name, unit, description).record(number);
  const { resourceMetrics } = await reader.collect();
  await provider.shutdown();
  const bytes = ProtobufMetricsSerializer.serializeRequest(resourceMetrics);
  if (!bytes) throw new Error("the counts cannot be written as OTLP");
  return bytes;
}

/** How many data points the receiver says that it rejected, although it answered with success. */
export function rejectedPoints(answer: Uint8Array): number {
  try {
    const { partialSuccess } = ProtobufMetricsSerializer.deserializeResponse(answer);
    return Number(partialSuccess?.rejectedDataPoints ?? 0);
  } catch {
    return 0;
  }
}
