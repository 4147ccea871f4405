import { hostname } from "node:os";
import type { Delivery, Message, Words } from "../../../watch/outputs/destination.ts";
import { destinationOf } from "../../../watch/outputs/destinations.ts";
import type { Posted } from "../../../watch/outputs/send/post.ts";
import { type Mailer, noMailServer, send } from "../../../watch/outputs/send/send.ts";
import { parseSyslogAddress } from "../../../watch/outputs/syslog/message.ts";
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

type Receiver = Pick<Rule, "kind" | "type" | "target" | "secret" | "token" | "facility">;

/** Why nothing can be sent there; undefined if it can. */
export function whyNotThere(receiver: Receiver, hasMailServer: boolean): string | undefined {
  const { kind, type, target } = receiver;
  const { label, takes, getsSummary, whyNot } = destinationOf(type);
  const extra = (["secret", "token", "facility"] as const).find(
    (each) => receiver[each] !== null && !takes.includes(each),
  );
  if (extra !== undefined) return `A notification by ${label} has no ${extra}.`;
  if (kind === "weekly" && !getsSummary)
    return `A notification by ${label} is for programs; a weekly summary is for people.`;
  if (type === "mail" && !hasMailServer) return `bulkhead ${noMailServer}.`;
  const why = whyNot(target);
  if (why !== undefined) return `The target ${why}.`;
  const address = type === "syslog" ? parseSyslogAddress(target) : undefined;
  return address?.ok && address.value.kind === "local"
    ? "Name a syslog server: tls://host:6514. The socket of one replica is not that of another."
    : undefined;
}

/** Whether a token that was given for one address may go to the other: it is of the same server. */
export function isSameServer(one: string, other: string): boolean {
  if (one === other) return true;
  return URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin;
}
