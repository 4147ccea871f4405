import { count } from "../../../report/words.ts";
import { type Posted, post } from "../../../watch/outputs/send/post.ts";
import type { Sending } from "../../../watch/outputs/send/send.ts";
import type { FleetCounts } from "../metrics.ts";

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

/** `https://collector:4318/` → `https://collector:4318/v1/logs`. */
function endpoint(base: URL, signal: "logs" | "metrics"): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/v1/${signal}`;
  return url;
}

/** Sends log records. Never rejects. */
export const sendLogs: NonNullable<Sending["logs"]> = async (
  { base, source, events },
  token,
  { version, signal },
) => {
  const { logsRequest, rejectedRecords } = await import("./records.ts");
  const bytes = logsRequest(version, source, events);
  return await send({ base, token, version, signal }, "logs", bytes, (answer) => {
    const rejected = rejectedRecords(answer);
    return rejected === 0 ? undefined : `rejects ${rejected} of ${count(events.length, "log record")}`;
  });
};

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
