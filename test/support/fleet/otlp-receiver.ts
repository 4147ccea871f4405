import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import protobuf from "protobufjs";
import { onTestFinished } from "vitest";

/**
 * What is read here of OTLP, with its field numbers, by a decoder that is not the sender's.
 * @see https://github.com/open-telemetry/opentelemetry-proto/tree/main/opentelemetry/proto
 */
const { root } = protobuf.parse(`
syntax = "proto3";
message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
message KeyValue { string key = 1; AnyValue value = 2; }
message Resource { repeated KeyValue attributes = 1; }
message Scope { string name = 1; string version = 2; }
message LogRecord {
  fixed64 time_unix_nano = 1; fixed64 observed_time_unix_nano = 11; int32 severity_number = 2; string severity_text = 3;
  AnyValue body = 5; repeated KeyValue attributes = 6; string event_name = 12;
}
message ScopeLogs { Scope scope = 1; repeated LogRecord log_records = 2; }
message ResourceLogs { Resource resource = 1; repeated ScopeLogs scope_logs = 2; }
message Logs { repeated ResourceLogs resource_logs = 1; }
message NumberDataPoint {
  repeated KeyValue attributes = 7; fixed64 time_unix_nano = 3; oneof value { double as_double = 4; sfixed64 as_int = 6; }
}
message Gauge { repeated NumberDataPoint data_points = 1; }
message Metric { string name = 1; string description = 2; string unit = 3; Gauge gauge = 5; }
message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
message Metrics { repeated ResourceMetrics resource_metrics = 1; }
message PartialSuccess { int64 rejected = 1; string error_message = 2; }
message Answer { PartialSuccess partial_success = 1; }
`);

type Attributes = Readonly<Record<string, string>>;

export interface ReceivedRecord {
  readonly source: Attributes;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly name: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: string;
  readonly attributes: Attributes;
}

export interface OtlpReceiver {
  /** `http://127.0.0.1:40123`. */
  readonly url: string;
  /** What it took, in order. */
  readonly records: readonly ReceivedRecord[];
  /** Each message with counts that it took: `bulkhead.findings.open high` and the number. */
  readonly counts: readonly {
    readonly source: Attributes;
    readonly numbers: Readonly<Record<string, number>>;
  }[];
  /** The headers and the bytes of each request. */
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly bytes: Buffer;
  }[];
  /** What it does with what comes from now on: another status, or how many of the log records it rejects. */
  treat(how: {
    readonly status?: number;
    readonly rejects?: (records: readonly ReceivedRecord[]) => number;
  }): void;
}

/** A collector of OpenTelemetry by HTTP and protobuf on this machine, until the test ends. */
export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const records: ReceivedRecord[] = [];
  const counts: OtlpReceiver["counts"][number][] = [];
  const requests: OtlpReceiver["requests"][number][] = [];
  let how: Parameters<OtlpReceiver["treat"]>[0] = {};
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { url: path = "", headers } = request;
      const bytes = Buffer.concat(chunks);
      requests.push({ path, headers, bytes });
      if (how.status !== undefined) {
        response.writeHead(how.status).end();
        return;
      }
      let rejected = 0;
      if (path === "/v1/logs") {
        const read = recordsOf(bytes);
        rejected = how.rejects?.(read) ?? 0;
        if (rejected === 0) records.push(...read);
      } else if (path === "/v1/metrics") counts.push(...countsOf(bytes));
      else {
        response.writeHead(404).end();
        return;
      }
      const answer = rejected === 0 ? {} : { partialSuccess: { rejected, errorMessage: "no" } };
      response.setHeader("content-type", "application/x-protobuf");
      response.end(root.lookupType("Answer").encode(answer).finish());
    });
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ records, counts, requests },
    treat(next) {
      how = next;
    },
  };
}

// biome-ignore lint/suspicious/noExplicitAny: what a message holds has no type.
type Read = any;

function read(type: string, bytes: Buffer): Read {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: Number, defaults: false, arrays: true });
}

function attributesOf(pairs: Read): Attributes {
  return Object.fromEntries(pairs.map(({ key, value }: Read) => [key, value.stringValue]));
}

function recordsOf(bytes: Buffer): readonly ReceivedRecord[] {
  return read("Logs", bytes).resourceLogs.flatMap(({ resource, scopeLogs }: Read) =>
    scopeLogs.flatMap(({ logRecords }: Read) =>
      logRecords.map((record: Read) => ({
        source: attributesOf(resource.attributes),
        time: record.timeUnixNano / 1e6,
        name: record.eventName,
        severityNumber: record.severityNumber,
        severityText: record.severityText,
        body: record.body.stringValue,
        attributes: attributesOf(record.attributes),
      })),
    ),
  );
}

function countsOf(bytes: Buffer): OtlpReceiver["counts"] {
  return read("Metrics", bytes).resourceMetrics.map(({ resource, scopeMetrics }: Read) => ({
    source: attributesOf(resource.attributes),
    numbers: Object.fromEntries(
      scopeMetrics.flatMap(({ metrics }: Read) =>
        metrics.flatMap(({ name, gauge }: Read) =>
          gauge.dataPoints.map((point: Read) => [
            [name, ...Object.values(attributesOf(point.attributes))].join(" "),
            point.asInt ?? point.asDouble ?? 0,
          ]),
        ),
      ),
    ),
  }));
}
