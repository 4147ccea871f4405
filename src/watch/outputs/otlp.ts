import { chatWords } from "./chat/words.ts";
import type { Delivered, Delivery, Destination, LogEvent, More, Receiver, Words } from "./destination.ts";
import { shownUrl, whyNoUrl } from "./http.ts";
import { sayCause } from "./words.ts";

/** Log records for an OpenTelemetry collector: https://opentelemetry.io/docs/specs/otlp/#otlphttp. `bulkhead serve` alone has the SDK. */
export const otlp = {
  type: "otlp",
  label: "OpenTelemetry (OTLP)",
  example: "https://collector:4318",
  batch: 500,
  takes: ["token"],
  getsStart: true,
  getsSummary: false,
  whyNot(target: string) {
    const why = whyNoUrl(target);
    if (why !== undefined) return why;
    const { pathname, search } = new URL(target);
    return /\/v1\/(logs|metrics|traces)\/?$/.test(pathname) || search !== ""
      ? "must not have /v1/logs or a query: write https://collector:4318"
      : undefined;
  },
  shown: (target: string) => shownUrl("otlp", target),
  changes: ({ host, hostId = "", changes }: Delivery, to: Receiver) =>
    logs(to, { "host.id": hostId, "host.name": host }, changes.map(changeEvent)),
  words: ({ title }: Words, _: More, to: Receiver) =>
    logs(to, {}, [
      { name: "bulkhead.test", time: Date.now(), severity: "info", body: title, attributes: {} },
    ]),
} as const satisfies Destination;

function logs({ target }: Receiver, source: Readonly<Record<string, string>>, events: readonly LogEvent[]) {
  return { via: "otlp", base: new URL(target), source, events } as const;
}

/** A change of a finding. It has what a chat gets, and no snippet of a file. */
export function changeEvent({ id, change }: Delivered): LogEvent {
  const { finding, cause } = change;
  const { title, message } = chatWords(change);
  const [, container] = /^container:(.*)$/s.exec(finding.subject) ?? [];
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
      ...(container !== undefined && { "container.name": container }),
      ...(change.was !== undefined && { "bulkhead.subject.was": change.was }),
    },
  };
}
