import { hostname } from "node:os";
import type { Finding } from "../../audit/finding.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import type { Change } from "../../watch/change.ts";
import type { Output } from "../../watch/output.ts";
import { fileOutput } from "../../watch/outputs/file.ts";
import { fromSeverity } from "../../watch/outputs/from-severity.ts";
import { jsonLine } from "../../watch/outputs/jsonl.ts";
import { syslogLocal } from "../../watch/outputs/syslog/local.ts";
import { parseSyslogAddress, syslogDatagrams, syslogStream } from "../../watch/outputs/syslog/syslog.ts";
import type { OutputConfig } from "../../watch/outputs-schema.ts";
import { openPosted } from "./posted.ts";
import { openQueues, type Queues } from "./queues.ts";

/** An output as it is to be opened, and how a message names it: `watch.outputs.0 (slack)`, `--webhook`. */
export interface NamedOutput {
  readonly name: string;
  readonly config: OutputConfig;
}

export interface OutputsContext {
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
    const output = await open(config, queues, context);
    if (!output.ok) {
      await Promise.all(opened.map((each) => each.close()));
      return failed(`${name}: ${output.reason}`);
    }
    opened.push(fromSeverity(config.severity ?? "info", output.value, context.remembered));
  }
  await queues.tellForgotten();
  return ok(opened);
}

async function open(config: OutputConfig, queues: Queues, context: OutputsContext): Promise<Result<Output>> {
  const { host, say } = context;
  switch (config.type) {
    case "file":
      return ok(fileOutput(config.path, jsonLine, say));
    case "syslog": {
      const output = openSyslog(config, say);
      return output.ok ? ok(forPeople(output.value, context)) : output;
    }
    default: {
      const output = await openPosted(config, queues, { host, say });
      return output.ok && config.type !== "webhook" ? ok(forPeople(output.value, context)) : output;
    }
  }
}

function openSyslog(
  config: Extract<OutputConfig, { type: "syslog" }>,
  say: (text: string) => void,
): Result<Output> {
  const address = parseSyslogAddress(config.address);
  if (!address.ok) return address;
  const target = address.value;
  const sender = { host: hostname(), facility: config.facility ?? "daemon", process: process.pid };
  if (target.kind === "local") return ok(syslogLocal(target.path, { sender, say }));
  return ok((target.kind === "udp" ? syslogDatagrams : syslogStream)(target, { sender, say }));
}

/** Leaves out what was so before anybody watched. */
function forPeople(output: Output, { isNews }: OutputsContext): Output {
  return {
    ...output,
    send: (change) => {
      if (isNews(change)) output.send(change);
    },
  };
}
