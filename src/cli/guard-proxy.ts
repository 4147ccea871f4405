import type { Config } from "../audit/config.ts";
import { diskFiles } from "../audit/disk-files.ts";
import { fileSink, type Sink, streamSink } from "../guard/log/sink.ts";
import { loadPolicies, type Policies } from "../guard/policy/policies.ts";
import { type Serving, serve } from "../guard/proxy/serve.ts";
import { ok, type Result } from "../model/result.ts";
import { loadConfig } from "./audit-settings.ts";
import { complain } from "./complain.ts";
import type { GuardProxyOptions } from "./guard-proxy-options.ts";

/** `bulkhead guard proxy`. Runs until a signal ends it; answers the exit status. */
export async function runGuardProxy(options: GuardProxyOptions): Promise<number> {
  const policies = await readPolicies(options);
  if (!policies.ok) return 2;
  const log = openLog(options);
  if (!log.ok) return complain(log.reason);
  const tell = teller();
  const { socketProxy } = policies.value;
  const usesOwn = options.listen.length === 0 && socketProxy !== undefined;
  const serving = await serve({
    connect: {
      host: options.host ?? (socketProxy && !process.env.DOCKER_HOST ? socketProxy.host : undefined),
      context: options.context,
      environment: process.env,
      home: diskFiles().home,
    },
    listen: usesOwn ? [`${socketProxy.listen},plain=network`] : options.listen,
    policies: policies.value,
    log: log.value,
    hostRoot: options.hostRoot,
    metrics: options.metrics,
    maxConnections: options.maxConnections,
    tell,
  });
  if (!serving.ok) {
    log.value.close();
    return complain(serving.reason);
  }
  for (const note of socketProxy?.notes ?? []) tell(note);
  tell(`guards ${serving.value.engine} at ${serving.value.addresses().join(", ")}`);
  return await untilEnded(serving.value, options, tell);
}

function untilEnded(
  serving: Serving,
  options: GuardProxyOptions,
  tell: (message: string) => void,
): Promise<number> {
  return new Promise((resolve) => {
    let ending = false;
    let reloading = Promise.resolve();
    const end = (signal: string) => {
      // A second signal is somebody who does not want to wait.
      const grace = ending ? 0 : options.grace * 1_000;
      if (!ending)
        tell(`${signal}: takes no more connections, and waits up to ${options.grace} s for what runs`);
      ending = true;
      void serving.stop(grace).then((cut) => {
        tell(cut === 0 ? "ended" : `ended, and cut ${cut} connection${cut === 1 ? "" : "s"}`);
        resolve(0);
      });
    };
    process.on("SIGTERM", () => end("SIGTERM"));
    process.on("SIGINT", () => end("SIGINT"));
    process.on("SIGHUP", () => {
      // One after the other, in the order of the signals.
      reloading = reloading.then(() => reload(serving, options, tell));
    });
  });
}

async function reload(
  serving: Serving,
  options: GuardProxyOptions,
  tell: (message: string) => void,
): Promise<void> {
  const policies = await readPolicies(options);
  if (!policies.ok) {
    serving.keep();
    tell("SIGHUP: the policy cannot be used, so the one from before stays");
    return;
  }
  const faults = await serving.reload(policies.value);
  for (const fault of faults) tell(`SIGHUP: ${fault}`);
  tell(`SIGHUP: read anew; guards ${serving.engine} at ${serving.addresses().join(", ")}`);
}

/** The policies of every client; complaints about a wrong bulkhead.yaml are already told. */
async function readPolicies(
  options: Pick<GuardProxyOptions, "config" | "preset" | "mode">,
): Promise<{ readonly ok: true; readonly value: Policies } | { readonly ok: false }> {
  const settings = await loadConfig({ only: [], skip: [], ...pick(options.config) }, diskFiles());
  if (!settings.ok) return settings;
  const config: Config = settings.value.config;
  return ok(loadPolicies({ config, environment: process.env, preset: options.preset, mode: options.mode }));
}

function pick(config: string | false | undefined) {
  return config === undefined ? {} : { config };
}

function openLog({ log, logSize, logKeep }: GuardProxyOptions): Result<Sink> {
  return log === "-" ? ok(streamSink(1)) : fileSink({ path: log, maxBytes: logSize, keep: logKeep });
}

/** Says something on standard error; the same again only once in ten seconds, for a full disk says it a thousand times. */
function teller(): (message: string) => void {
  const told = new Map<string, number>();
  return (message) => {
    const now = Date.now();
    if (now - (told.get(message) ?? 0) < 10_000) return;
    if (told.size > 100) told.clear();
    told.set(message, now);
    complain(message);
  };
}
