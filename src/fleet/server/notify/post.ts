import { hostname } from "node:os";
import { visible } from "../../../base/visible.ts";
import { discordBatch, discordBody, escapeMarkdown } from "../../../watch/outputs/chat/discord.ts";
import { ntfyAddress, ntfyBatch, ntfyBody } from "../../../watch/outputs/chat/ntfy.ts";
import { escapeText, slackBatch, slackBody } from "../../../watch/outputs/chat/slack.ts";
import { chatWords, cut, harmless, headline } from "../../../watch/outputs/chat/words.ts";
import type { Delivery } from "../../../watch/outputs/delivery.ts";
import { deliverSyslog } from "../../../watch/outputs/syslog/deliver.ts";
import {
  type Sender as SyslogSender,
  syslogMessage,
  syslogText,
} from "../../../watch/outputs/syslog/message.ts";
import { parseSyslogAddress } from "../../../watch/outputs/syslog/syslog.ts";
import { cutBytes } from "../../../watch/outputs/utf8.ts";
import { jsonBatch, jsonBody } from "../../../watch/outputs/webhook/json.ts";
import { type Posted, post } from "../../../watch/outputs/webhook/post.ts";
import { signatureHeaders } from "../../../watch/outputs/webhook/signature.ts";
import { shownName } from "../../../watch/outputs/webhook/webhook.ts";
import type { Notice } from "../../store/notifications/outbox.ts";
import type { Rule } from "../../store/notifications/rules.ts";
import { type Collector, otlpBatch, sendRecord, sendRecords } from "../telemetry/otlp.ts";
import type { Mailer } from "./mail.ts";
import type { Words } from "./words.ts";

export interface Sending {
  readonly version: string;
  /** Undefined where no mail server is named. */
  readonly mailer: Mailer | undefined;
  readonly signal: AbortSignal;
}

/** Milliseconds for one attempt. */
const patience = 10_000;

/** Changes that go in one message. */
export const batches = {
  webhook: jsonBatch,
  slack: slackBatch,
  discord: discordBatch,
  ntfy: ntfyBatch,
  mail: 50,
  syslog: 500,
  otlp: otlpBatch,
} as const satisfies Record<Rule["type"], number>;

/** A destination as it may be shown: an address without its path, which may be a secret. */
export function shownTarget({ type, target }: Pick<Rule, "type" | "target">): string {
  if (type === "mail") return visible(`mail to ${target}`);
  if (type === "syslog") return visible(`syslog ${target}`);
  return URL.canParse(target) ? shownName(type, new URL(target)) : type;
}

/** Tells changes of one host. Never rejects. */
export async function sendChanges(rule: Rule, notices: readonly Notice[], sending: Sending): Promise<Posted> {
  const delivery: Delivery = {
    host: notices[0]?.hostName ?? "",
    version: sending.version,
    lost: 0,
    // The same at each attempt, and of no other database.
    changes: notices.map(({ id, change }) => ({ id: `${rule.id}-${id}-${change.time}`, change })),
  };
  if (rule.type === "mail") {
    const lines = delivery.changes.map(({ change }) => {
      const { title, message, detail } = chatWords(change);
      return `${title}\n${message}\n${detail}, at ${change.time}\n`;
    });
    return await mail(rule, { title: `bulkhead: ${headline(delivery)}`, lines }, sending);
  }
  if (rule.type === "otlp") {
    const collector = collectorOf(rule, sending);
    return collector ? await sendRecords(collector, notices[0]?.host ?? "", delivery) : nowhere;
  }
  if (rule.type === "syslog") {
    const sender = senderOf(rule, delivery.host);
    return await syslog(
      rule,
      delivery.changes.map(({ change }) => syslogMessage(change, sender)),
      sending,
    );
  }
  const body = {
    webhook: jsonBody,
    slack: slackBody,
    discord: discordBody,
    ntfy: (each: Delivery) => ntfyBody(topicOf(rule), each),
  }[rule.type](delivery);
  return await postTo(rule, body, sending);
}

/** Tells something in words; `document` is what a program is told instead. Never rejects. */
export async function sendWords(
  rule: Rule,
  words: Words,
  document: Readonly<Record<string, unknown>>,
  sending: Sending,
): Promise<Posted> {
  const { title, lines } = words;
  const text = lines.join("\n");
  switch (rule.type) {
    case "mail":
      return await mail(rule, words, sending);
    case "syslog":
      return await syslog(rule, [syslogText("test", title, senderOf(rule, hostname()))], sending);
    case "otlp": {
      const collector = collectorOf(rule, sending);
      return collector ? await sendRecord(collector, "bulkhead.test", title) : nowhere;
    }
    case "webhook": {
      const tool = { name: "bulkhead", version: sending.version };
      return await postTo(rule, JSON.stringify({ schemaVersion: 1, tool, ...document }), sending);
    }
    case "slack": {
      const body = { text: cut(escapeText(`${title}\n${text}`), 3_900), mrkdwn: false, unfurl_links: false };
      return await postTo(rule, JSON.stringify(body), sending);
    }
    case "discord": {
      const content = cut(`${escapeMarkdown(title)}\n${escapeMarkdown(text)}`, 1_900);
      const body = { username: "bulkhead", content, allowed_mentions: { parse: [] } };
      return await postTo(rule, JSON.stringify(body), sending);
    }
    case "ntfy": {
      const message = cutBytes(harmless(text), 4_000);
      const body = { topic: topicOf(rule), title: cut(harmless(title), 200), message };
      return await postTo(rule, JSON.stringify(body), sending);
    }
  }
}

async function mail({ target }: Rule, { title, lines }: Words, { mailer }: Sending): Promise<Posted> {
  if (!mailer) return { outcome: "failed", reason: noMailServer, after: undefined };
  return await mailer.send({ to: target, subject: cut(title, 200), text: `${lines.join("\n")}\n` });
}

async function syslog(rule: Rule, messages: readonly string[], { signal }: Sending): Promise<Posted> {
  const address = parseSyslogAddress(rule.target);
  if (!address.ok || address.value.kind === "local") return nowhere;
  return await deliverSyslog(address.value, messages, { timeout: patience, signal });
}

/** `host` is the watched one: receivers sort messages by it, whichever replica sends them. */
function senderOf({ facility }: Rule, host: string): SyslogSender {
  return { host, facility: facility ?? "daemon", process: process.pid };
}

const nowhere = { outcome: "failed", reason: "has no address", after: undefined } as const;

function collectorOf({ target, token }: Rule, { version, signal }: Sending): Collector | undefined {
  return URL.canParse(target) ? { base: new URL(target), token, version, signal } : undefined;
}

export const noMailServer = "has no mail server: start bulkhead serve with --smtp and --mail-from";

async function postTo(rule: Rule, body: string, { version, signal }: Sending): Promise<Posted> {
  const url = addressOf(rule);
  if (!url) return nowhere;
  const headers = {
    "content-type": "application/json",
    "user-agent": `bulkhead/${version}`,
    ...(rule.token === null ? {} : { authorization: `Bearer ${rule.token}` }),
    ...(rule.secret === null ? {} : signatureHeaders(rule.secret, body)),
  };
  return await post({ url, headers, body, timeout: patience, signal });
}

function addressOf({ type, target }: Rule): URL | undefined {
  if (!URL.canParse(target)) return undefined;
  return type === "ntfy" ? ntfyAddress(new URL(target))?.root : new URL(target);
}

function topicOf({ target }: Rule): string {
  return (URL.canParse(target) ? ntfyAddress(new URL(target))?.topic : undefined) ?? "";
}
