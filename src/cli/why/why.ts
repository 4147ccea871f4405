import { setTimeout as pause } from "node:timers/promises";
import { failed, type Result } from "../../base/result.ts";
import { shellWords } from "../../base/shell-words.ts";
import type { EngineClient } from "../../engine/client.ts";
import { connectEngine } from "../../engine/connect.ts";
import { followEvents } from "../../engine/events.ts";
import { type EngineStreams, openStreams } from "../../engine/streams.ts";
import { runProgram } from "../../run/docker.ts";
import { isHarmful, type WhyReport } from "../../why/outcome.ts";
import { lookBack } from "../../why/past.ts";
import { describeWhy, whyDocument } from "../../why/report.ts";
import { askWhy, type Why } from "../../why/why.ts";
import { complain } from "../common/complain.ts";
import { engineTarget } from "../common/engine-target.ts";
import { wantsColour } from "../common/progress.ts";
import type { WhyOptions } from "./options.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** `bulkhead why`. Answers the exit status: 0 nothing harmful was refused, 1 something was, 2 it could not look. */
export async function runWhy(words: readonly string[], options: WhyOptions): Promise<number> {
  const isCommand = process.argv.includes("--");
  const [first, ...others] = words;
  if (options.last !== undefined && (isCommand || options.for !== undefined))
    return complain(`--last looks back; ${isCommand ? "a command" : "--for"} looks ahead: give one of them`);
  if (first === undefined && options.last === undefined)
    return complain("name a running container, or a command after --: bulkhead why -- docker run …");
  if (!isCommand && others.length > 0)
    return complain(`to watch what a command starts, put -- before it: bulkhead why -- ${shellWords(words)}`);
  if (isCommand && options.for !== undefined)
    return complain("--for is for a running container; a command is watched until it ends");
  const target = engineTarget(options);
  const reader = await connectEngine(target);
  if (!reader.ok) return complain(reader.reason);
  const streams = openStreams(target, reader.value.apiVersion);
  if (!streams.ok) return complain(streams.reason);
  try {
    const report =
      options.last === undefined
        ? await watchCalls(words, options, { reader: reader.value, streams: streams.value, target })
        : await lookBack(reader.value, streams.value, Date.now() - options.last, first);
    return report.ok ? tell(report.value, options) : complain(report.reason);
  } finally {
    await streams.value.close();
    await reader.value.close();
  }
}

interface Connection {
  readonly reader: EngineClient;
  readonly streams: EngineStreams;
  readonly target: ReturnType<typeof engineTarget>;
}

async function watchCalls(
  [first = "", ...others]: readonly string[],
  options: WhyOptions,
  { reader, streams, target }: Connection,
): Promise<Result<WhyReport>> {
  const why = askWhy(reader, streams);
  if (!why.ok)
    return failed(
      `${why.reason}. bulkhead why needs the kernel's trace: bulkhead doctor says what is missing, and bulkhead why --last 10m reads the logs without it`,
    );
  try {
    return await (process.argv.includes("--")
      ? whyCommand(why.value, [first, ...others], target)
      : whyContainer(why.value, first.replace(/^container:/, ""), options));
  } finally {
    why.value.close();
  }
}

async function whyContainer(why: Why, name: string, options: WhyOptions): Promise<Result<WhyReport>> {
  const joined = await why.join(name);
  if (!joined.ok) return joined;
  const abort = new AbortController();
  const interrupt = () => abort.abort();
  for (const signal of signals) process.on(signal, interrupt);
  if (process.stderr.isTTY && options.for === undefined)
    process.stderr.write(`bulkhead: watching ${joined.value.name}; Ctrl-C shows what was refused\n`);
  await pause(options.for ?? 2 ** 31 - 1, undefined, { signal: abort.signal }).catch(() => {});
  for (const signal of signals) process.off(signal, interrupt);
  return { ok: true, value: await why.end() };
}

/** Milliseconds that the Engine has to answer, and its last events to come. */
const patience = 10_000;
const trailing = 100;

/** Every container that the Engine makes while the command runs is watched. */
async function whyCommand(
  why: Why,
  [program, ...args]: readonly [string, ...string[]],
  target: ReturnType<typeof engineTarget>,
): Promise<Result<WhyReport>> {
  const asking: Promise<void>[] = [];
  let isOpen = () => {};
  let cannot = (_: string) => {};
  const opened = new Promise<string | undefined>((resolve) => {
    isOpen = () => resolve(undefined);
    cannot = resolve;
  });
  why.followEngine();
  const events = followEvents(target, {
    connected: () => isOpen(),
    event({ type, action, id }) {
      if (type === "container" && (action === "create" || action === "start")) asking.push(why.made(id));
    },
    missed() {},
    disconnected: (reason) => cannot(reason),
  });
  const reason = await Promise.race([opened, pause(patience, "the Engine sends no events", { ref: false })]);
  if (reason !== undefined) {
    await events.close();
    return { ok: false, reason };
  }
  await runProgram(program, args, process.env);
  await pause(trailing);
  await Promise.all(asking);
  await events.close();
  return { ok: true, value: await why.end() };
}

function tell(report: WhyReport, options: WhyOptions): number {
  const text =
    options.format === "json"
      ? `${JSON.stringify(whyDocument(report), null, 2)}\n`
      : describeWhy(report, options.color !== false && wantsColour());
  process.stdout.write(text);
  return report.refused.some(isHarmful) || (report.unexplained ?? []).length > 0 ? 1 : 0;
}
