import * as z from "zod/mini";
import { visible } from "../../base/visible.ts";
import { findingOf } from "../../report/json.ts";
import type { Change } from "../change.ts";
import type { Delivery, Destination, More, Receiver, Words } from "./destination.ts";
import { posted, secretSetting } from "./settings.ts";

interface HttpDestination extends Pick<Destination, "takes" | "settings" | "batch" | "label"> {
  readonly type: string;
  readonly getsStart?: boolean;
  /** Of the bodies; left out for application/json. */
  readonly contentType?: string;
  /** The URL to post to; a reason where this is none of the kind. */
  readonly address?: (url: URL) => URL | string;
  readonly body: (delivery: Delivery, to: Receiver) => string;
  /** What is posted as JSON. */
  readonly text: (words: Words, document: object, to: Receiver) => object;
}

/** A destination that takes JSON by HTTP. */
export function httpDestination<const Given extends HttpDestination>(given: Given) {
  const { type, address = (url: URL) => url } = given;
  const post = (target: string, body: string) => {
    const url = address(new URL(target));
    if (typeof url === "string") throw new Error(`${type}: ${url}`);
    return { via: "http", url, body, contentType: given.contentType } as const;
  };
  return {
    ...given,
    getsStart: given.getsStart ?? false,
    getsSummary: true,
    example: "https://",
    whyNot(target: string) {
      const why = whyNoUrl(target) ?? address(new URL(target));
      return typeof why === "string" ? why : undefined;
    },
    shown: (target: string) => shownUrl(type, target),
    changes: (delivery: Delivery, to: Receiver) => post(to.target, given.body(delivery, to)),
    words: (words: Words, { document }: More, to: Receiver) =>
      post(to.target, JSON.stringify(given.text(words, document, to))),
  } satisfies Destination;
}

export function whyNoUrl(target: string): string | undefined {
  const isUrl = URL.canParse(target) && /^https?:$/.test(new URL(target).protocol);
  return isUrl ? undefined : "is not an address such as https://host/path";
}

/** `webhook https://hooks.example.org`: without path, user, password and query, any of which may be a secret. */
export function shownUrl(type: string, target: string): string {
  if (!URL.canParse(target)) return type;
  const { protocol, host } = new URL(target);
  return visible(`${type} ${protocol}//${host}`);
}

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
function jsonBody({ host, version, lost, changes }: Delivery): string {
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

export function jsonOf({ time, change, finding, cause }: Change) {
  return { time, change, finding: findingOf(finding), cause };
}
