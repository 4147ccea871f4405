import type { Severity } from "../../../model/severity.ts";
import type { Delivery } from "../delivery.ts";
import { chatWords, cut, harmless, headline } from "./words.ts";

/** A message takes 10 embeds, and 6000 characters in all of them together. */
export const discordBatch = 10;

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
export function discordBody(delivery: Delivery): string {
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
export function escapeMarkdown(text: string): string {
  return harmless(text).replace(/[\\*_~`|>#[\]()<-]/g, "\\$&");
}
