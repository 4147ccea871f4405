import * as z from "zod/mini";
import { findingOf } from "../../report/json.ts";
import type { Change } from "../change.ts";
import type { Delivery } from "./destination.ts";
import { httpDestination } from "./http.ts";
import { posted, secretSetting } from "./settings.ts";

export const webhook = httpDestination({
  type: "webhook",
  label: "webhook (JSON)",
  batch: 100,
  takes: ["secret", "token"],
  getsStart: true,
  settings: z.strictObject({
    type: z
      .literal("webhook")
      .check(z.meta({ description: "Posts changes as JSON, up to 100 in a request." })),
    ...posted,
    secret: secretSetting(
      "Signs each request: HMAC-SHA256 over Bulkhead-Timestamp, a full stop and the body.",
    ),
    token: secretSetting("Sent as Authorization: Bearer."),
  }),
  body: jsonBody,
  text: (_, document) => document,
});

/**
 * The body for a webhook of one's own: a public interface, `schemaVersion` 1, keys in this order. A change is one as
 * `--format jsonl` prints it, after its `id`.
 */
export function jsonBody({ host, version, lost, changes }: Delivery): string {
  return JSON.stringify({
    schemaVersion: 1,
    tool: { name: "bulkhead", version },
    host,
    lost,
    changes: changes.map(({ id, change }) => ({ id, ...jsonOf(change) })),
  });
}

/** A change as one line of JSON, keys in the order of the type. */
export function jsonLine(change: Change): string {
  return `${JSON.stringify(jsonOf(change))}\n`;
}

function jsonOf({ time, change, finding, cause }: Change) {
  return { time, change, finding: findingOf(finding), cause };
}
