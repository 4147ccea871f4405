import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { failed, ok, type Result } from "../../base/result.ts";
import { chooseEndpoint } from "../../engine/connect/choose.ts";
import { openPlugin, type Plugin } from "../../guard/authz/plugin.ts";
import { openEyes } from "../../guard/engine/eyes.ts";
import { countDenials } from "../../guard/log/denials.ts";
import { openInForce } from "../../guard/log/in-force.ts";
import { fileSink, type Sink, streamSink } from "../../guard/log/sink.ts";
import { guardMetrics } from "../../guard/metrics.ts";
import type { Policies } from "../../guard/policy/policies.ts";
import { type Health, openHealth } from "../../guard/proxy/health.ts";
import { complain } from "../common/complain.ts";
import { version } from "../common/version.ts";
import type { AuthzOptions } from "./options.ts";
import { type Learning, ownFilesOf, startLearning } from "./own-files.ts";
import { policiesFor } from "./policies.ts";

/** `bulkhead guard authz`. Runs until it is told to end; answers the exit status. */
export async function runAuthz(options: AuthzOptions): Promise<number> {
  const path = /^unix:\/\/(\/.+\.sock)$/.exec(options.listen)?.[1];
  if (path === undefined) {
    return complain(
      `--listen ${options.listen}: a socket is expected, as unix:///run/docker/plugins/bulkhead.sock`,
    );
  }
  const io = diskFiles();
  const policies = await policiesFor(options, io);
  if (!policies) return 2;
  const connect = {
    host: options.host,
    context: options.context,
    environment: io.environment,
    home: io.home,
  };
  const endpoint = chooseEndpoint(connect);
  if (!endpoint.ok) return complain(endpoint.reason);
  const log = openLog(options);
  if (!log.ok) return complain(log.reason);
  const metrics = guardMetrics();
  let clients = policies.clients;
  let ownFiles = ownFilesOf(options, [options.listen], policies, io);
  const learning = startLearning(options.learn, () => clients, complain);
  const plugin = await openPlugin({
    path,
    connect,
    eyes: openEyes(
      endpoint.value.kind === "unix" ? endpoint.value.path : undefined,
      options.hostRoot,
      () => ownFiles,
    ),
    policies,
    log: log.value,
    metrics,
    learner: learning.learner,
    tell: complain,
  });
  if (!plugin.ok) return complain(plugin.reason);
  const health = await openOwnHealth(options.metrics, metrics, plugin.value);
  if (!health.ok) {
    await plugin.value.stop();
    return complain(health.reason);
  }
  const inForce = openInForce({ log: options.log, kind: "authz", version, tell: complain });
  inForce.tell(policies, [options.listen]);
  const ended = untilEnded({
    options,
    learning,
    plugin: plugin.value,
    log: log.value,
    metrics,
    use(next) {
      clients = next.clients;
      ownFiles = ownFilesOf(options, [options.listen], next, diskFiles());
      plugin.value.use(next);
      inForce.tell(next, [options.listen]);
    },
  });
  // Anyone who reads it may send a signal at once.
  complain(`the plugin ${plugin.value.name} listens at ${path}`);
  const status = await ended;
  inForce.close();
  health.value?.close();
  return status;
}

interface Running {
  readonly options: AuthzOptions;
  readonly learning: Learning;
  readonly plugin: Plugin;
  readonly log: Sink;
  readonly metrics: ReturnType<typeof guardMetrics>;
  use(policies: Policies): void;
}

function untilEnded(running: Running): Promise<number> {
  return new Promise((resolve) => {
    let reloading = Promise.resolve();
    let ending = false;
    const end = async () => {
      if (ending) return;
      ending = true;
      await running.plugin.stop();
      running.learning.end();
      running.log.close();
      resolve(0);
    };
    process.on("SIGTERM", () => void end());
    process.on("SIGINT", () => void end());
    process.on("SIGHUP", () => {
      // One after the other, in the order of the signals.
      reloading = reloading.then(() => reload(running));
    });
  });
}

async function reload({ options, learning, log, metrics, use }: Running): Promise<void> {
  const policies = await policiesFor(options, diskFiles());
  metrics.reloaded(policies !== undefined);
  if (policies) use(policies);
  const reopened = log.reopen();
  if (!reopened.ok) complain(`SIGHUP: ${reopened.reason}`);
  learning.write();
  complain(
    policies ? "SIGHUP: read anew" : "SIGHUP: the policy cannot be used, so the one from before stays",
  );
}

function openLog({ log, logSize, logKeep }: AuthzOptions): Result<Sink> {
  const opened = log === "-" ? ok(streamSink(1)) : fileSink({ path: log, maxBytes: logSize, keep: logKeep });
  return opened.ok ? ok(countDenials(opened.value)) : opened;
}

async function openOwnHealth(
  address: string | undefined,
  metrics: ReturnType<typeof guardMetrics>,
  plugin: Plugin,
): Promise<Result<Health | undefined>> {
  if (address === undefined) return ok(undefined);
  const opened = await openHealth(address, metrics, () => plugin.check());
  return opened.ok ? opened : failed(opened.reason);
}
