import { visible } from "../../base/visible.ts";
import { chatWords, cut, headline } from "./chat/words.ts";
import type { Delivery, Destination, More, Receiver, Words } from "./destination.ts";

/** The target has the receivers, with commas. `bulkhead serve` alone has a mail server. */
export const mail = {
  type: "mail",
  label: "mail",
  example: "ops@example.org",
  batch: 50,
  takes: [],
  getsStart: false,
  getsSummary: true,
  whyNot(target: string) {
    const wrong = target.split(",").find((each) => !isMailAddress(each.trim()));
    return wrong === undefined ? undefined : `names ${wrong.trim()}, which is not a mail address`;
  },
  shown: (target: string) => visible(`mail to ${target}`),
  changes(delivery: Delivery, to: Receiver) {
    const lines = delivery.changes.map(({ change }) => {
      const { title, message, detail } = chatWords(change);
      return `${title}\n${message}\n${detail}, at ${change.time}\n`;
    });
    return mailOf(to, { title: `bulkhead: ${headline(delivery)}`, lines });
  },
  words: (words: Words, _: More, to: Receiver) => mailOf(to, words),
} as const satisfies Destination;

function mailOf({ target }: Receiver, { title, lines }: Words) {
  return { via: "mail", to: target, subject: cut(title, 200), text: `${lines.join("\n")}\n` } as const;
}

/** One address, without a name. Nothing in it can begin another header or another receiver. */
export function isMailAddress(text: string): boolean {
  return /^[^\s@<>(),;:"\\[\]]+@[^\s@<>(),;:"\\]+$/.test(text) && text.length <= 254;
}
