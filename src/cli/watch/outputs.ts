import { createHash } from "node:crypto";
import { mkdirSync, readdirSync } from "node:fs";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import type { Finding } from "../../audit/finding.ts";
import { whyUnwritten } from "../../base/error-words.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { parseBytes } from "../../formats/values/bytes.ts";
import { parseDuration } from "../../formats/values/duration.ts";
import type { Change } from "../../watch/change.ts";
import type { Receiver } from "../../watch/outputs/destination.ts";
import { destinationOf, type OutputConfig } from "../../watch/outputs/destinations.ts";
import { fileOutput } from "../../watch/outputs/file.ts";
import { jsonLine } from "../../watch/outputs/http.ts";
import { fromSeverity, type Output } from "../../watch/outputs/output.ts";
import { openQueue } from "../../watch/outputs/queue/queue.ts";
import { holdFolder, isFolderHeld, setAsideIn } from "../../watch/outputs/queue/queue-files.ts";
import { queuedOutput } from "../../watch/outputs/queue/queued.ts";
import { isLoopbackUrl } from "../common/loopback.ts";
import { version } from "../common/version.ts";
import { historyPath } from "../history/options.ts";
import { readSecret } from "./secrets.ts";

/** An output as it is to be opened, and how a message names it: `watch.outputs.0 (slack)`, `--webhook`. */
export interface NamedOutput {
  readonly name: string;
  readonly config: OutputConfig;
}

interface OutputsContext {
  /** The folder of the queues. Undefined: at the usual place. */
  readonly queue: string | undefined;
  /** The name of the watched host. */
  readonly host: string;
  /** Whether people are told of a change: not of what was so before the first watch. */
  readonly isNews: (change: Change) => boolean;
  /** What an earlier watch told. */
  readonly remembered: readonly Finding[];
  readonly say: (text: string) => void;
}

/** What bulkhead.yaml and the command line name, ready to take changes. A reason says which of them cannot be used, and why. */
export async function openOutputs(
  outputs: readonly NamedOutput[],
  context: OutputsContext,
): Promise<Result<readonly Output[]>> {
  const queues = openQueues(context.queue, context.say);
  const opened: Output[] = [];
  for (const { name, config } of outputs) {
    const output =
      config.type === "file"
        ? ok(fileOutput(config.path, jsonLine, context.say))
        : await open(config, queues, context);
    if (!output.ok) {
      await Promise.all(opened.map((each) => each.close()));
      return failed(`${name}: ${output.reason}`);
    }
    opened.push(fromSeverity(config.severity ?? "info", output.value, context.remembered));
  }
  await queues.tellForgotten();
  return ok(opened);
}

type SentConfig = Exclude<OutputConfig, { type: "file" }>;

/** An output that sends, by way of a queue of its own. A reason shows no secret. */
async function open(
  config: SentConfig,
  queues: Queues,
  { host, isNews, say }: OutputsContext,
): Promise<Result<Output>> {
  const receiver = receiverOf(config);
  if (!receiver.ok) return receiver;
  const [to, { type }] = [receiver.value, config];
  const destination = destinationOf(type);
  const why = destination.whyNot(to.target);
  if (why !== undefined) return failed(`${"url" in config ? "url " : ""}${why}`);
  const name = destination.shown(to.target);
  if (/^http:/.test(to.target) && !isLoopbackUrl(new URL(to.target)))
    say(`${name}: others can read what is sent there on the way: use https`);
  const place = await queues.hold(type, to.target);
  if (!place.ok) return place;
  const { folder, why: whyInMemory, release } = place.value;
  if (whyInMemory !== undefined) say(`${name}: what waits is kept in memory alone: ${whyInMemory}`);
  const { timeout = "10s", queue = "16m" } = "url" in config ? config : {};
  const output = queuedOutput({
    ...{ destination, to, say },
    source: { host, sender: hostname(), version },
    timeout: parseDuration(timeout) ?? 10_000,
    queue: openQueue({ folder, size: parseBytes(queue) ?? 16 * 1024 * 1024, say }),
    setAside: setAsideIn(folder, say),
  });
  return ok({
    ...output,
    send(change) {
      if (destination.getsStart || isNews(change)) output.send(change);
    },
    async close() {
      await output.close();
      release();
    },
  });
}

function receiverOf(config: SentConfig): Result<Receiver> {
  if (config.type === "syslog") {
    const { address, facility = null } = config;
    return ok({ target: address, facility, secret: null, token: null });
  }
  const target = typeof config.url === "string" ? ok(config.url) : readSecret(config.url);
  if (!target.ok) return failed(`url: ${target.reason}`);
  const secret = "secret" in config && config.secret ? readSecret(config.secret) : ok(null);
  if (!secret.ok) return failed(`secret: ${secret.reason}`);
  const token = "token" in config && config.token ? readSecret(config.token) : ok(null);
  if (!token.ok) return failed(`token: ${token.reason}`);
  if (token.value !== null && !/^[\x21-\x7e]+$/.test(token.value))
    return failed("token contains a space or a character that no HTTP header allows");
  return ok({ target: target.value, secret: secret.value, token: token.value, facility: null });
}

/** The folders of what waits to be sent, one for each output. */
interface Queues {
  /** A reason: somebody else delivers what waits there. */
  hold(type: string, target: string): Promise<Result<QueuePlace>>;
  /** Says where changes wait that nobody delivers: their output is not configured any more, or has another address. */
  tellForgotten(): Promise<void>;
}

interface QueuePlace {
  /** Undefined: no folder can be used, and `why`; the watch goes on without. */
  readonly folder: string | undefined;
  readonly why: string | undefined;
  readonly release: () => void;
}

/** In a folder, or where histories are. */
export function openQueues(said: string | undefined, say: (text: string) => void): Queues {
  const root = said ?? join(dirname(historyPath(undefined)), "queue");
  const held = new Set<string>();

  return {
    async hold(type, target) {
      const name = queueName(type, target);
      const folder = join(root, name);
      if (held.has(name)) return failed("another output of the same type has the same address");
      held.add(name);
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
      } catch (error) {
        return ok(inMemory(`${folder} cannot be made: ${whyUnwritten(error)}`));
      }
      const hold = await holdFolder(folder);
      switch (hold.kind) {
        case "held":
          return ok({ folder, why: undefined, release: hold.release });
        case "taken":
          return failed(
            `another bulkhead watch delivers what waits in ${folder}; set watch.queue to another folder for this one`,
          );
        case "impossible":
          return ok(inMemory(`${folder} cannot be held: ${hold.reason}`));
      }
    },
    async tellForgotten() {
      for (const name of namesIn(root)) {
        const folder = join(root, name);
        if (held.has(name) || !namesIn(folder).some((each) => each.endsWith(".queue"))) continue;
        if (await isFolderHeld(folder)) continue;
        say(`changes wait in ${folder} for an address that is not configured any more: nobody delivers them`);
      }
    },
  };
}

function inMemory(why: string): QueuePlace {
  return { folder: undefined, why, release: () => {} };
}

/** The same output finds its queue again; of an address that is a secret, nothing can be read in the name. */
function queueName(type: string, target: string): string {
  const address = URL.canParse(target) ? new URL(target).href : target;
  return `${type}-${createHash("sha256").update(address).digest("hex").slice(0, 12)}`;
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
