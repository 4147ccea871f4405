import { hostname } from "node:os";
import type { Delivery, Message, Words } from "../../../watch/outputs/destination.ts";
import { destinationOf } from "../../../watch/outputs/destinations.ts";
import type { Posted } from "../../../watch/outputs/send/post.ts";
import { type Mailer, send } from "../../../watch/outputs/send/send.ts";
import type { Notice } from "../../store/notifications/outbox.ts";
import type { Rule } from "../../store/notifications/rules.ts";
import { sendLogs } from "../telemetry/otlp.ts";

export interface Sending {
  readonly version: string;
  /** Undefined if no mail server is named. */
  readonly mailer: Mailer | undefined;
  readonly signal: AbortSignal;
}

/** Milliseconds for one attempt. */
const timeout = 10_000;

/** A destination as it may be shown: an address without its path, which may be a secret. */
export function shownTarget({ type, target }: Pick<Rule, "type" | "target">): string {
  return destinationOf(type).shown(target);
}

/** Sends changes of one host. Never rejects. */
export async function sendChanges(rule: Rule, notices: readonly Notice[], sending: Sending): Promise<Posted> {
  const host = notices[0]?.hostName ?? "";
  const delivery: Delivery = {
    host,
    hostId: notices[0]?.host ?? "",
    // The watched host, whichever replica sends.
    sender: host,
    version: sending.version,
    lost: 0,
    // The same at each attempt, and of no other database.
    changes: notices.map(({ id, change }) => ({ id: `${rule.id}-${id}-${change.time}`, change })),
  };
  return await sendTo(rule, () => destinationOf(rule.type).changes(delivery, rule), sending);
}

/** Sends words; `document` is what a program gets instead. Never rejects. */
export async function sendWords(
  rule: Rule,
  words: Words,
  document: Readonly<Record<string, unknown>>,
  sending: Sending,
): Promise<Posted> {
  const tool = { name: "bulkhead", version: sending.version };
  const whole = { schemaVersion: 1, tool, ...document };
  return await sendTo(
    rule,
    () => destinationOf(rule.type).words(words, { document: whole, sender: hostname() }, rule),
    sending,
  );
}

async function sendTo(rule: Rule, message: () => Message, sending: Sending): Promise<Posted> {
  const reason = destinationOf(rule.type).whyNot(rule.target);
  if (reason !== undefined) return { outcome: "failed", reason, after: undefined };
  return await send(message(), rule, { ...sending, timeout, logs: sendLogs });
}
