import { SeverityNumber } from "@opentelemetry/api-logs";
import { ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { Severity } from "../../../model/severity.ts";
import type { LogEvent } from "../../../watch/outputs/destination.ts";

/** @see https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const numbers = {
  info: SeverityNumber.INFO,
  low: SeverityNumber.WARN,
  medium: SeverityNumber.WARN3,
  high: SeverityNumber.ERROR,
  critical: SeverityNumber.FATAL,
} as const satisfies Record<Severity, SeverityNumber>;

/** An ExportLogsServiceRequest: events of one source. */
export function logsRequest(
  version: string,
  source: Readonly<Record<string, string>>,
  events: readonly LogEvent[],
): Uint8Array {
  const records: ReadableLogRecord[] = [];
  const provider = new LoggerProvider({
    resource: resourceFromAttributes({ "service.name": "bulkhead", "service.version": version, ...source }),
    processors: [
      {
        onEmit: (record) => void records.push(record),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  const logger = provider.getLogger("bulkhead", version);
  for (const { name, time, severity, body, attributes } of events) {
    logger.emit({
      ...{ eventName: name, timestamp: time, body, attributes },
      severityNumber: numbers[severity],
      severityText: severity,
    });
  }
  const bytes = ProtobufLogsSerializer.serializeRequest(records);
  if (!bytes) throw new Error("the log records cannot be written as OTLP");
  return bytes;
}

/** How many records the receiver says that it rejected, although it answered with success. */
export function rejectedRecords(answer: Uint8Array): number {
  try {
    const { partialSuccess } = ProtobufLogsSerializer.deserializeResponse(answer);
    return Number(partialSuccess?.rejectedLogRecords ?? 0);
  } catch {
    // An answer of success in another form.
    return 0;
  }
}
