import { diskFiles } from "../../audit/inputs/disk-files.ts";
import { ok, type Result } from "../../base/result.ts";
import { countDenials } from "../../guard/log/denials.ts";
import { openInForce } from "../../guard/log/in-force.ts";
import { fileSink, type Sink, streamSink } from "../../guard/log/sink.ts";
import { type Serving, serve } from "../../guard/proxy/serve.ts";
import { complain } from "../common/complain.ts";
import { version } from "../common/version.ts";
import type { GuardProxyOptions } from "./options.ts";
import { type Learning, ownFilesOf, startLearning } from "./own-files.ts";
import { candidatePolicies, policiesFor } from "./policies.ts";

/** `bulkhead guard proxy`. Runs until a signal ends it; answers the exit status. */
export async function runGuardProxy(options: GuardProxyOptions): Promise<number> {
  const io = diskFiles();
  const policies = await policiesFor(options, io, options.listen);
  if (!policies) return 2;
  const log = openLog(options);
  if (!log.ok) return complain(log.reason);
  const tell = messagePrinter();
  let { clients } = policies;
  const learning = startLearning(options.learn, () => clients, tell);
  const { socketProxy } = policies;
  const usesOwn = options.listen.length === 0 && socketProxy !== undefined;
  const listen = usesOwn ? [`${socketProxy.listen},plain=network`] : options.listen;
  const sockets = [...listen, ...(options.admin === undefined ? [] : [options.admin])];
  let own = ownFilesOf(options, sockets, policies, io);
  const serving = await serve({
    connect: {
      host: options.host ?? (socketProxy && !io.environment.DOCKER_HOST ? socketProxy.host : undefined),
      context: options.context,
      environment: io.environment,
      home: io.home,
    },
    listen,
    policies,
    log: log.value,
    learner: learning.learner,
    hostRoot: options.hostRoot,
    ownFiles: () => own,
    metrics: options.metrics,
    admin: options.admin === undefined ? undefined : { address: options.admin, candidate: candidatePolicies },
    maxConnections: options.maxConnections,
    tell,
  });
  if (!serving.ok) {
    log.value.close();
    return complain(serving.reason);
  }
  const inForce = openInForce({ log: options.log, kind: "proxy", version, tell });
  inForce.tell(serving.value.policies(), listen);
  const ended = untilEnded({
    options,
    learning,
    tell,
    serving: {
      ...serving.value,
      async reload(next) {
        clients = next.clients;
        own = ownFilesOf(options, sockets, next, diskFiles());
        const faults = await serving.value.reload(next);
        inForce.tell(serving.value.policies(), listen);
        return faults;
      },
      async stop(grace) {
        const cut = await serving.value.stop(grace);
        inForce.close();
        return cut;
      },
    },
  });
  // Anyone who reads it may send a signal at once.
  tell(`guards ${serving.value.engine} at ${serving.value.addresses().join(", ")}`);
  return await ended;
}

interface Running {
  readonly serving: Serving;
  readonly options: GuardProxyOptions;
  readonly learning: Learning;
  readonly tell: (message: string) => void;
}

function untilEnded(running: Running): Promise<number> {
  const { serving, options, learning, tell } = running;
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
        learning.end();
        tell(cut === 0 ? "ended" : `ended, and cut ${cut} connection${cut === 1 ? "" : "s"}`);
        resolve(0);
      });
    };
    process.on("SIGTERM", () => end("SIGTERM"));
    process.on("SIGINT", () => end("SIGINT"));
    process.on("SIGHUP", () => {
      // One after the other, in the order of the signals.
      reloading = reloading.then(() => reload(running));
    });
  });
}

async function reload({ serving, options, learning, tell }: Running): Promise<void> {
  learning.write();
  const policies = await policiesFor(options, diskFiles(), options.listen);
  const faults = policies ? await serving.reload(policies) : serving.keep();
  for (const fault of faults) tell(`SIGHUP: ${fault}`);
  // Each signal is answered, also two in ten seconds.
  complain(
    policies
      ? `SIGHUP: read anew; guards ${serving.engine} at ${serving.addresses().join(", ")}`
      : "SIGHUP: the policy cannot be used, so the one from before stays",
  );
}

function openLog({ log, logSize, logKeep }: GuardProxyOptions): Result<Sink> {
  const opened = log === "-" ? ok(streamSink(1)) : fileSink({ path: log, maxBytes: logSize, keep: logKeep });
  return opened.ok ? ok(countDenials(opened.value)) : opened;
}

/** Says something on standard error; the same again only once in ten seconds, for a full disk says it a thousand times. */
function messagePrinter(): (message: string) => void {
  const told = new Map<string, number>();
  return (message) => {
    const now = Date.now();
    if (now - (told.get(message) ?? 0) < 10_000) return;
    if (told.size > 100) told.clear();
    told.set(message, now);
    complain(message);
  };
}
