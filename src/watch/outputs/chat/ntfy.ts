import * as z from "zod/mini";
import type { Severity } from "../../../model/severity.ts";
import type { Delivery } from "../destination.ts";
import { httpDestination } from "../http.ts";
import { posted, secretSetting } from "../settings.ts";
import { cutBytes } from "../words.ts";
import { chatWords, cut, harmless, headline, worstOpen } from "./words.ts";

export const ntfy = httpDestination({
  type: "ntfy",
  label: "ntfy",
  batch: 10,
  takes: ["token"],
  settings: z.strictObject({
    type: z.literal("ntfy").check(z.meta({ description: "A topic of ntfy: https://ntfy.sh/TOPIC." })),
    ...posted,
    token: secretSetting("An access token of ntfy."),
  }),
  address: (url) => ntfyAddress(url)?.root ?? "names no topic: write https://ntfy.sh/TOPIC",
  body: (delivery, { target }) => ntfyBody(topicOf(target), delivery),
  text: ({ title, lines }, _, { target }) => ({
    topic: topicOf(target),
    title: cut(harmless(title), 200),
    message: cutBytes(harmless(lines.join("\n")), 4_000),
  }),
});

/** 5 breaks through a phone's silence, 1 makes no sound. */
const priorities: Readonly<Record<Severity, number>> = { critical: 5, high: 4, medium: 3, low: 2, info: 1 };

/**
 * The body for ntfy's publishing as JSON, which is posted to the server's root; the topic stands in it. Markdown is off unless asked
 * for, and a message above 4096 bytes would become a file.
 *
 * @see https://docs.ntfy.sh/publish/#publish-as-json
 */
function ntfyBody(topic: string, delivery: Delivery): string {
  const weight = worstOpen(delivery.changes);
  const lines = delivery.changes.map(({ change }) => {
    const { title, message, detail } = chatWords(change);
    return delivery.changes.length === 1 ? `${message}\n${detail}` : `${title}: ${message} [${detail}]`;
  });
  return JSON.stringify({
    topic,
    title: cut(harmless(headline(delivery)), 200),
    message: cutBytes(harmless(lines.join("\n\n")), 4_000),
    priority: weight === undefined ? 2 : priorities[weight],
    tags: [weight === undefined ? "white_check_mark" : "warning"],
  });
}

/** The server's root and the topic out of `https://ntfy.sh/TOPIC`; undefined where there is no topic in it. */
function ntfyAddress(url: URL): { readonly root: URL; readonly topic: string } | undefined {
  const topic = /^\/([-_A-Za-z0-9]{1,64})\/?$/.exec(url.pathname)?.[1];
  if (topic === undefined) return undefined;
  const root = new URL(url);
  root.pathname = "/";
  root.search = "";
  return { root, topic };
}

function topicOf(target: string): string {
  return ntfyAddress(new URL(target))?.topic ?? "";
}
