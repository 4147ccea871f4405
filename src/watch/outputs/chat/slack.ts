import * as z from "zod/mini";
import type { Delivery } from "../destination.ts";
import { httpDestination } from "../http.ts";
import { posted } from "../settings.ts";
import { chatWords, cut, harmless, headline } from "./words.ts";

export const slack = httpDestination({
  type: "slack",
  label: "Slack",
  // A message may have 50 blocks; more than a screen is not read.
  batch: 10,
  takes: [],
  settings: z.strictObject({
    type: z.literal("slack").check(z.meta({ description: "An incoming webhook of Slack." })),
    ...posted,
  }),
  body: slackBody,
  text: ({ title, lines }) => ({
    text: cut(escapeText([title, ...lines].join("\n")), 3_900),
    mrkdwn: false,
    unfurl_links: false,
  }),
});

/**
 * The body for an incoming webhook of Slack. All that comes from containers stands in `plain_text`, where nothing is markup; in
 * `text`, which notifications and servers that speak Slack's format show, its control characters are escaped.
 *
 * @see https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
 * @see https://docs.slack.dev/reference/block-kit/blocks
 */
function slackBody(delivery: Delivery): string {
  const words = delivery.changes.map(({ change }) => chatWords(change));
  const lines = words.map(({ title, message, detail }) =>
    words.length === 1 ? `${message} [${detail}]` : `${title}: ${message} [${detail}]`,
  );
  return JSON.stringify({
    text: cut(escapeText([headline(delivery), ...lines].join("\n")), 3_900),
    mrkdwn: false,
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      // A header takes 150 characters, a text in a section 3000, all blocks together some 13000.
      { type: "header", text: plain(headline(delivery), 150) },
      ...words.flatMap(({ title, message, detail }) => [
        // The header has the title of an only one already.
        { type: "section", text: plain(words.length === 1 ? message : `${title}\n${message}`, 900) },
        { type: "context", elements: [plain(detail, 150)] },
      ]),
    ],
  });
}

function plain(text: string, most: number) {
  return { type: "plain_text", text: cut(harmless(text), most), emoji: false };
}

/** @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escapeText(text: string): string {
  return harmless(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
