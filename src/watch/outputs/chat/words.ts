import { visible } from "../../../base/visible.ts";
import { type Severity, severities } from "../../../model/severity.ts";
import { count } from "../../../report/words.ts";
import { type Change, isNote } from "../../change.ts";
import type { Delivery } from "../destination.ts";
import { sayCause, sayMessage, weightOf } from "../words.ts";

/** What a chat shows of a change: plain text, in which nothing is invisible and nothing is markup yet. */
export interface ChatWords {
  /** `opened: docker-socket-mount on container:web`. */
  readonly title: string;
  readonly message: string;
  /** `critical, configured; create of web`. */
  readonly detail: string;
}

export function chatWords(changed: Change): ChatWords {
  const { change, finding, cause } = changed;
  return {
    title: `${change}: ${finding.control} on ${visible(finding.subject)}`,
    message: sayMessage(changed),
    detail: `${weightOf(finding)}, ${finding.level}; ${sayCause(cause)}`,
  };
}

/** `bulkhead on host1: 3 changes, the worst critical`, or what the only change is. */
export function headline({ host, changes, lost }: Delivery): string {
  const [only] = changes;
  const gone = lost > 0 ? ` (${count(lost, "earlier change")} lost, the queue was full)` : "";
  if (changes.length === 1 && only) {
    const { change, finding } = only.change;
    return `${visible(host)}: ${weightOf(finding)} ${finding.control} ${change} on ${visible(finding.subject)}${gone}`;
  }
  const weight = worstOpen(changes);
  const isOver = changes.every(({ change }) => change.change === "resolved");
  const worst = weight === undefined ? (isOver ? ", all resolved" : "") : `, the worst ${weight}`;
  return `${visible(host)}: ${count(changes.length, "change")}${worst}${gone}`;
}

/** The gravest of what is open; undefined where nothing is. */
export function worstOpen(changes: Delivery["changes"]): Severity | undefined {
  const open = changes.flatMap(({ change }) =>
    change.change === "resolved" || isNote(change) ? [] : [change.finding.severity],
  );
  return severities.findLast((each) => open.includes(each));
}

/** At most so many UTF-16 units, cut between characters, with `…` where something is missing. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = most - 1;
  const splits = /[\ud800-\udbff]/.test(text.charAt(end - 1));
  return `${text.slice(0, splits ? end - 1 : end)}…`;
}

/** A space of no width, by which a mention is no mention and an address no link any more. */
const gap = "\u200b";

/** Text in which no chat finds a mention or a link. */
export function harmless(text: string): string {
  return text.replaceAll("@", `@${gap}`).replaceAll("://", `:${gap}//`).replaceAll("](", `]${gap}(`);
}
