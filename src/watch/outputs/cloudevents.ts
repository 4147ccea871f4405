import * as z from "zod/mini";
import type { Delivery } from "./destination.ts";
import { httpDestination, jsonOf } from "./http.ts";
import { posted, secretSetting } from "./settings.ts";

/**
 * CloudEvents 1.0, several in one request (batched content mode).
 *
 * @see https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md#33-batched-content-mode
 */
export const cloudevents = httpDestination({
  type: "cloudevents",
  label: "CloudEvents (JSON)",
  batch: 100,
  takes: ["secret", "token"],
  getsStart: true,
  contentType: "application/cloudevents-batch+json; charset=UTF-8",
  settings: z.strictObject({
    type: z
      .literal("cloudevents")
      .check(z.meta({ description: "Posts changes as CloudEvents 1.0, up to 100 in a request." })),
    ...posted,
    secret: secretSetting(
      "Signs each request: HMAC-SHA256 over Bulkhead-Timestamp, a full stop and the body.",
    ),
    token: secretSetting("Sent as Authorization: Bearer."),
  }),
  body: eventsOf,
  text: ({ title }, document) => [
    {
      ...{ specversion: "1.0", id: `message-${Date.now()}`, source: "/bulkhead", type: "bulkhead.message" },
      ...{ subject: title, time: new Date().toISOString(), datacontenttype: "application/json" },
      data: document,
    },
  ],
});

/** An event for each change: `id` and `source` together name it, so that a receiver leaves out what it has already. */
function eventsOf({ host, hostId, lost, changes }: Delivery): string {
  return JSON.stringify(
    changes.map(({ id, change }, index) => ({
      ...{ specversion: "1.0", id, source: `/bulkhead/hosts/${encodeURIComponent(hostId ?? host)}` },
      type: `bulkhead.finding.${change.change}`,
      subject: `${change.finding.subject}/${change.finding.control}`,
      time: change.time,
      datacontenttype: "application/json",
      // An extension: changes before this one that were dropped because the queue was full.
      ...(index === 0 && lost > 0 && { lost }),
      data: { host, ...jsonOf(change) },
    })),
  );
}
