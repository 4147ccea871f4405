import { failed, ok, type Result } from "../../base/result.ts";
import { parseBytes } from "../../formats/values/bytes.ts";
import { parseDuration } from "../../formats/values/duration.ts";
import type { Output } from "../../watch/output.ts";
import { discordBatch, discordBody } from "../../watch/outputs/chat/discord.ts";
import { ntfyAddress, ntfyBatch, ntfyBody } from "../../watch/outputs/chat/ntfy.ts";
import { slackBatch, slackBody } from "../../watch/outputs/chat/slack.ts";
import type { Delivery } from "../../watch/outputs/delivery.ts";
import { jsonBatch, jsonBody } from "../../watch/outputs/webhook/json.ts";
import { openQueue } from "../../watch/outputs/webhook/queue.ts";
import { setAsideIn } from "../../watch/outputs/webhook/refused.ts";
import { shownName, webhookOutput } from "../../watch/outputs/webhook/webhook.ts";
import type { PostedConfig } from "../../watch/outputs-schema.ts";
import { isLoopbackUrl } from "../common/loopback.ts";
import { version } from "../common/version.ts";
import type { Queues } from "./queues.ts";
import { readSecret } from "./secrets.ts";

/** An output that posts, by way of a queue of its own. A reason shows no secret. */
export async function openPosted(
  config: PostedConfig,
  queues: Queues,
  { host, say }: { readonly host: string; readonly say: (text: string) => void },
): Promise<Result<Output>> {
  const text = typeof config.url === "string" ? ok(config.url) : readSecret(config.url);
  if (!text.ok) return failed(`url: ${text.reason}`);
  const url = URL.canParse(text.value) ? new URL(text.value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    return failed("url is not an address such as https://host/path");
  const shape = shapeOf(config, url);
  if (!shape.ok) return shape;
  const secret = config.type === "webhook" && config.secret ? readSecret(config.secret) : ok(undefined);
  if (!secret.ok) return failed(`secret: ${secret.reason}`);
  const token = "token" in config && config.token ? readSecret(config.token) : ok(undefined);
  if (!token.ok) return failed(`token: ${token.reason}`);
  if (token.value !== undefined && !/^[\x21-\x7e]+$/.test(token.value))
    return failed("token contains a space or a character that no HTTP header allows");
  const name = shownName(config.type, url);
  if (url.protocol === "http:" && !isLoopbackUrl(url))
    say(`${name}: others can read what is sent there on the way: use https`);
  const place = await queues.hold(config.type, url);
  if (!place.ok) return place;
  const { folder, why, release } = place.value;
  if (why !== undefined) say(`${name}: what waits is kept in memory alone: ${why}`);
  const output = webhookOutput({
    name,
    url: shape.value.url,
    headers: token.value === undefined ? {} : { authorization: `Bearer ${token.value}` },
    secret: secret.value,
    body: shape.value.body,
    batch: shape.value.batch,
    host,
    version,
    timeout: parseDuration(config.timeout ?? "10s") ?? 10_000,
    queue: openQueue({ folder, size: parseBytes(config.queue ?? "16m") ?? 16 * 1024 * 1024, say }),
    setAside: setAsideIn(folder, say),
    say,
  });
  return ok({
    ...output,
    async close() {
      await output.close();
      release();
    },
  });
}

interface Shape {
  readonly body: (delivery: Delivery) => string;
  readonly batch: number;
  readonly url: URL;
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
      if (!address) return failed("url names no topic: write https://ntfy.sh/TOPIC");
      return ok({
        body: (delivery) => ntfyBody(address.topic, delivery),
        batch: ntfyBatch,
        url: address.root,
      });
    }
  }
}
