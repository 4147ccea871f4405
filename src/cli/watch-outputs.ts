import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { whyUnreadable } from "../audit/disk-files.ts";
import type { OutputConfig, PostedConfig } from "../audit/watch-outputs-schema.ts";
import { parseBytes } from "../formats/values/bytes.ts";
import { parseDuration } from "../formats/values/duration.ts";
import { failed, ok, type Result } from "../model/result.ts";
import type { Change } from "../watch/change.ts";
import type { Output } from "../watch/output.ts";
import { discordBatch, discordBody } from "../watch/outputs/chat-discord.ts";
import { ntfyAddress, ntfyBatch, ntfyBody } from "../watch/outputs/chat-ntfy.ts";
import { slackBatch, slackBody } from "../watch/outputs/chat-slack.ts";
import type { Delivery } from "../watch/outputs/delivery.ts";
import { fileOutput } from "../watch/outputs/file.ts";
import { fromSeverity } from "../watch/outputs/from-severity.ts";
import { jsonLine } from "../watch/outputs/jsonl.ts";
import { parseSyslogAddress, syslogDatagrams, syslogStream } from "../watch/outputs/syslog.ts";
import { syslogLocal } from "../watch/outputs/syslog-local.ts";
import { shownName, webhookOutput } from "../watch/outputs/webhook.ts";
import { jsonBatch, jsonBody } from "../watch/outputs/webhook-json.ts";
import { holdFolder } from "../watch/outputs/webhook-lock.ts";
import { openQueue } from "../watch/outputs/webhook-queue.ts";
import { setAsideIn } from "../watch/outputs/webhook-refused.ts";
import { historyPath } from "./history-path.ts";
import { version } from "./version.ts";
import { readSecret } from "./watch-secrets.ts";

export interface OutputsContext {
  /** The folder of the queues. */
  readonly queue: string | undefined;
  /** The name of the watched host. */
  readonly host: string;
  /** Whether people are told of a change: not of what was so before the first watch. */
  readonly isNews: (change: Change) => boolean;
  readonly say: (text: string) => void;
}

/** What bulkhead.yaml and the command line name, ready to take changes. A reason says which of them cannot be used, and why. */
export async function openOutputs(
  configs: readonly OutputConfig[],
  context: OutputsContext,
): Promise<Result<readonly Output[]>> {
  const opened: Output[] = [];
  for (const [index, config] of configs.entries()) {
    const output = await open(config, context);
    if (!output.ok) {
      await Promise.all(opened.map((each) => each.close()));
      return failed(`watch.outputs.${index} (${config.type}): ${output.reason}`);
    }
    opened.push(fromSeverity(config.severity ?? "info", output.value));
  }
  return ok(opened);
}

async function open(config: OutputConfig, context: OutputsContext): Promise<Result<Output>> {
  const { say } = context;
  switch (config.type) {
    case "file":
      return ok(fileOutput(config.path, jsonLine, say));
    case "syslog": {
      const address = parseSyslogAddress(config.address);
      if (!address.ok) return address;
      const sender = {
        host: hostname(),
        facility: config.facility ?? "daemon",
        process: process.pid,
      } as const;
      const target = address.value;
      if (target.kind === "local") return ok(news(syslogLocal(target.path, { sender, say }), context));
      const syslog = target.kind === "udp" ? syslogDatagrams : syslogStream;
      return ok(news(syslog(target, { sender, say }), context));
    }
    default:
      return await openPosted(config, context);
  }
}

/** Leaves out, for people, what was so before anybody watched. */
function news(output: Output, { isNews }: OutputsContext): Output {
  return {
    send: (change) => {
      if (isNews(change)) output.send(change);
    },
    close: () => output.close(),
  };
}

interface Shape {
  readonly body: (delivery: Delivery) => string;
  readonly batch: number;
  readonly url: URL;
}

async function openPosted(config: PostedConfig, context: OutputsContext): Promise<Result<Output>> {
  const text = typeof config.url === "string" ? ok(config.url) : readSecret(config.url);
  if (!text.ok) return failed(`url: ${text.reason}`);
  // Said as it is parsed, it would show a secret.
  const url = URL.canParse(text.value) ? new URL(text.value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    return failed("url: it is not an address: https://host/path is expected");
  const shape = shapeOf(config, url);
  if (!shape.ok) return shape;
  const secret = config.type === "webhook" && config.secret ? readSecret(config.secret) : ok(undefined);
  if (!secret.ok) return failed(`secret: ${secret.reason}`);
  const token = "token" in config && config.token ? readSecret(config.token) : ok(undefined);
  if (!token.ok) return failed(`token: ${token.reason}`);
  const name = shownName(config.type, url);
  if (url.protocol === "http:" && !isLocal(url))
    context.say(`${name}: what is told there can be read on the way, use https`);
  const folder = join(queuesFolder(context.queue), queueName(config.type, url));
  const place = await holdQueue(folder);
  if (!place.ok) return place;
  if (place.value.why !== undefined)
    context.say(
      `${name}: what waits is kept in memory alone, for ${folder} cannot be made: ${place.value.why}`,
    );
  const kept = place.value.why === undefined ? folder : undefined;
  const output = webhookOutput({
    name,
    url: shape.value.url,
    headers: token.value === undefined ? {} : { authorization: `Bearer ${token.value}` },
    secret: secret.value,
    body: shape.value.body,
    batch: shape.value.batch,
    host: context.host,
    version,
    timeout: parseDuration(config.timeout ?? "10s") ?? 10_000,
    queue: openQueue({
      folder: kept,
      size: parseBytes(config.queue ?? "16m") ?? 16 * 1024 * 1024,
      say: context.say,
    }),
    setAside: setAsideIn(kept, context.say),
    say: context.say,
  });
  const { release } = place.value;
  const released: Output = {
    send: output.send,
    async close() {
      await output.close();
      release();
    },
  };
  return ok(config.type === "webhook" ? released : news(released, context));
}

function shapeOf({ type }: PostedConfig, url: URL): Result<Shape> {
  switch (type) {
    case "webhook":
      return ok({ body: jsonBody, batch: jsonBatch, url });
    case "slack":
      return ok({ body: slackBody, batch: slackBatch, url });
    case "discord":
      return ok({ body: discordBody, batch: discordBatch, url });
    case "ntfy": {
      const address = ntfyAddress(url);
      if (!address) return failed("url: it names no topic: https://ntfy.sh/TOPIC is expected");
      return ok({
        body: (delivery) => ntfyBody(address.topic, delivery),
        batch: ntfyBatch,
        url: address.root,
      });
    }
  }
}

/** The same output finds its queue again; of an address that is a secret, nothing can be read in the name. */
function queueName(type: string, url: URL): string {
  return `${type}-${createHash("sha256").update(url.href).digest("hex").slice(0, 12)}`;
}

function queuesFolder(said: string | undefined): string {
  return said ?? join(dirname(historyPath(undefined)), "queue");
}

/** Nobody else may deliver what waits there. Where the folder cannot be made the watch goes on without. */
async function holdQueue(
  folder: string,
): Promise<Result<{ readonly why?: string; readonly release: () => void }>> {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    return ok({ why: whyUnreadable(error), release: () => {} });
  }
  return await holdFolder(folder);
}

function isLocal({ hostname }: URL): boolean {
  return /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}
