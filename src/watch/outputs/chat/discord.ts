import * as z from "zod/mini";
import type { Severity } from "../../../model/severity.ts";
import type { Delivery } from "../destination.ts";
import { httpDestination } from "../http.ts";
import { posted } from "../settings.ts";
import { chatWords, cut, harmless, headline } from "./words.ts";

export const discord = httpDestination({
  type: "discord",
  label: "Discord",
  // A message takes 10 embeds, and 6000 characters in all of them together.
  batch: 10,
  takes: [],
  settings: z.strictObject({
    type: z.literal("discord").check(z.meta({ description: "A webhook of Discord." })),
    ...posted,
  }),
  body: discordBody,
  text: ({ title, lines }) => ({
    username: "bulkhead",
    content: cut([title, ...lines].map(escapeMarkdown).join("\n"), 1_900),
    allowed_mentions: { parse: [] },
  }),
});

const colours: Readonly<Record<Severity, number>> = {
  critical: 0xb3_1d_28,
  high: 0xd9_3f_0b,
  medium: 0xe3_b3_41,
  low: 0x54_8a_c7,
  info: 0x8b_94_9e,
};
const resolvedColour = 0x2d_a4_4e;

/**
 * The body for a webhook of Discord. No text in it mentions anybody (`allowed_mentions`), and markdown in it is escaped.
 *
 * @see https://discord.com/developers/docs/resources/webhook#execute-webhook
 * @see https://discord.com/developers/docs/resources/message#embed-object-embed-limits
 */
function discordBody(delivery: Delivery): string {
  return JSON.stringify({
    username: "bulkhead",
    content: cut(escapeMarkdown(headline(delivery)), 500),
    allowed_mentions: { parse: [] },
    embeds: delivery.changes.map(({ change }) => {
      const { title, message, detail } = chatWords(change);
      const { severity } = change.finding;
      return {
        title: cut(escapeMarkdown(title), 150),
        description: cut(escapeMarkdown(message), 350),
        color: change.change === "resolved" ? resolvedColour : colours[severity],
        timestamp: change.time,
        footer: { text: cut(harmless(detail), 80) },
      };
    }),
  });
}

/** @see https://support.discord.com/hc/en-us/articles/210298617 */
function escapeMarkdown(text: string): string {
  return harmless(text).replace(/[\\*_~`|>#[\]()<-]/g, "\\$&");
}
