import { SeverityNumber } from "@opentelemetry/api-logs";
import { ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { LoggerProvider, type ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { Severity } from "../../../model/severity.ts";
import { chatWords } from "../../../watch/outputs/chat/words.ts";
import type { Delivered } from "../../../watch/outputs/delivery.ts";
import { sayCause } from "../../../watch/outputs/words.ts";

/** @see https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber */
const numbers = {
  info: SeverityNumber.INFO,
  low: SeverityNumber.WARN,
  medium: SeverityNumber.WARN3,
  high: SeverityNumber.ERROR,
  critical: SeverityNumber.FATAL,
} as const satisfies Record<Severity, SeverityNumber>;

/** What a log record says, before the SDK makes it one. */
export interface Event {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly severity: Severity;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** A change of a finding. It has what a chat is told, and no snippet of a file. */
export function changeEvent({ id, change }: Delivered): Event {
  const { finding, cause } = change;
  const { title, message } = chatWords(change);
  const [kind, name] = splitAt(finding.subject, ":");
  return {
    name: `bulkhead.finding.${change.change}`,
    time: Date.parse(change.time),
    // What is resolved is no trouble, whatever it was before.
    severity: change.change === "resolved" ? "info" : finding.severity,
    body: `${title}: ${message}`,
    attributes: {
      "bulkhead.id": id,
      "bulkhead.change": change.change,
      "bulkhead.control": finding.control,
      "bulkhead.severity": finding.severity,
      "bulkhead.verdict": finding.verdict,
      "bulkhead.level": finding.level,
      "bulkhead.subject": finding.subject,
      "bulkhead.fingerprint": finding.fingerprint,
      "bulkhead.cause": sayCause(cause),
      ...(kind === "container" ? { "container.name": name } : {}),
    },
  };
}

/** `container:web` → `container`, `web`. */
function splitAt(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** An ExportLogsServiceRequest: events of one source. */
export function logsRequest(
  version: string,
  source: Readonly<Record<string, string>>,
  events: readonly Event[],
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
