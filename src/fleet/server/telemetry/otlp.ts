import { count } from "../../../report/words.ts";
import type { Delivery } from "../../../watch/outputs/delivery.ts";
import { type Posted, post } from "../../../watch/outputs/webhook/post.ts";
import type { FleetCounts } from "../counts.ts";

/** Where OTLP is sent to, by HTTP: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export interface Collector {
  /** `https://collector.example.org:4318`. */
  readonly base: URL;
  /** Sent as `Authorization: Bearer`. */
  readonly token: string | null;
  readonly version: string;
  readonly signal: AbortSignal;
}

/** Milliseconds for one attempt. */
const patience = 10_000;
/** Bytes of an answer that are read: it says what was rejected. */
const mostAnswer = 64 * 1024;

/** Log records that go in one message. */
export const otlpBatch = 500;

/** `https://collector:4318/` → `https://collector:4318/v1/logs`. */
function endpoint(base: URL, signal: "logs" | "metrics"): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return url;
}

/** Why this is no address of a collector; undefined where it is. */
export function whyNoCollector({ pathname, search }: URL): string | undefined {
  if (/\/v1\/(logs|metrics|traces)\/?$/.test(pathname) || search !== "")
    return "OTLP takes the address without /v1/logs and without a query: https://collector:4318.";
  return undefined;
}

/** Changes of one host as log records. Never rejects. */
export async function sendRecords(collector: Collector, host: string, delivery: Delivery): Promise<Posted> {
  const { changeEvent, logsRequest } = await import("./records.ts");
  const source = { "host.id": host, "host.name": delivery.host };
  const events = delivery.changes.map(changeEvent);
  return await sendLogs(collector, logsRequest(collector.version, source, events), events.length);
}

/** A log record that says something to whoever reads it. Never rejects. */
export async function sendRecord(collector: Collector, name: string, body: string): Promise<Posted> {
  const { logsRequest } = await import("./records.ts");
  const event = { name, time: Date.now(), severity: "info", body, attributes: {} } as const;
  return await sendLogs(collector, logsRequest(collector.version, {}, [event]), 1);
}

async function sendLogs(collector: Collector, bytes: Uint8Array, records: number): Promise<Posted> {
  const { rejectedRecords } = await import("./records.ts");
  return await send(collector, "logs", bytes, (answer) => {
    const rejected = rejectedRecords(answer);
    return rejected === 0 ? undefined : `rejects ${rejected} of ${count(records, "log record")}`;
  });
}

/** The counts as gauges. `rule`: which of several rules they are of. Never rejects. */
export async function sendCounts(collector: Collector, rule: string, counts: FleetCounts): Promise<Posted> {
  const { metricsRequest, rejectedPoints } = await import("./numbers.ts");
  const bytes = await metricsRequest(collector.version, { "bulkhead.notification": rule }, counts);
  return await send(collector, "metrics", bytes, (answer) => {
    const rejected = rejectedPoints(answer);
    return rejected === 0 ? undefined : `rejects ${count(rejected, "data point")}`;
  });
}

async function send(
  { base, token, version, signal }: Collector,
  what: "logs" | "metrics",
  body: Uint8Array,
  rejected: (answer: Uint8Array) => string | undefined,
): Promise<Posted> {
  const headers = {
    "content-type": "application/x-protobuf",
    "user-agent": `bulkhead/${version}`,
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
  };
  const url = endpoint(base, what);
  const posted = await post({ url, headers, body, timeout: patience, signal, mostAnswer });
  if (posted.outcome !== "taken") return posted;
  const reason = posted.answer && rejected(posted.answer);
  return reason === undefined ? { outcome: "taken" } : { outcome: "refused", reason };
}
