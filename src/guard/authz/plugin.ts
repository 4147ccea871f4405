import { chmodSync } from "node:fs";
import type { Server } from "node:http";
import { basename } from "node:path";
import { failed, ok, type Result } from "../../base/result.ts";
import type { ConnectOptions } from "../../engine/connect/endpoint.ts";
import { answerer } from "../engine/answer.ts";
import type { HostEyes } from "../engine/host-path.ts";
import { limitsTeller } from "../engine/limits-in-vain.ts";
import type { Judged } from "../judge/judge.ts";
import { type Asker, denialOf, logLine } from "../log/entry.ts";
import type { Sink } from "../log/sink.ts";
import type { GuardMetrics } from "../metrics.ts";
import type { Learner } from "../policy/learn.ts";
import type { Policies } from "../policy/policies.ts";
import { freePath } from "../socket-path.ts";
import { lasting } from "./engine.ts";
import type { AuthzMessage } from "./message.ts";
import { ownQuestions } from "./own-questions.ts";
import { denialText, isHandedOn, judgeMessage } from "./rule.ts";
import { authzServer, type Ruling } from "./server.ts";

export interface PluginOptions {
  /** The socket's path; its name without `.sock` is what dockerd calls the plugin. */
  readonly path: string;
  readonly connect: ConnectOptions;
  readonly eyes: HostEyes;
  readonly policies: Policies;
  readonly log: Sink;
  readonly metrics: GuardMetrics;
  readonly learner: Learner;
  /** A line for the operator. */
  readonly tell: (message: string) => void;
}

export interface Plugin {
  /** As in `--authorization-plugin=NAME`. */
  readonly name: string;
  /** Takes other policies from the next request on. */
  use(policies: Policies): void;
  /** Whether the Engine answers the guard. */
  check(): Promise<Result<void>>;
  /** Answers what was asked, and ends. */
  stop(): Promise<void>;
}

/** Opens the plugin: from then on dockerd may ask. Fails where its socket cannot be had. */
export async function openPlugin(options: PluginOptions): Promise<Result<Plugin>> {
  const { path, connect, eyes, log, metrics, learner, tell } = options;
  let policies = options.policies;
  const own = ownQuestions();
  const engine = lasting({ ...connect, headers: { [own.header[0]]: own.header[1] } });
  const ask = answerer(
    engine,
    eyes,
    limitsTeller(() => policies, tell),
  );

  async function rule(message: AuthzMessage): Promise<Ruling> {
    if (own.isOwn(message)) return { allow: true };
    const began = process.hrtime.bigint();
    const { judged, asker } = await judgeMessage(message, policies, ask, engine);
    metrics.decided(asker.client, judged, Number(process.hrtime.bigint() - began) / 1e9);
    const logged = await record(judged, message.method, asker);
    if (!logged.ok) {
      metrics.logFailed();
      tell(logged.reason);
      return {
        allow: false,
        message: "the decision could not be logged, and what is not logged does not happen",
      };
    }
    learner.note(asker, judged);
    if (judged.verdict !== "deny" || isHandedOn(judged)) return { allow: true };
    return { allow: false, message: denialText(judged.reasons) };
  }

  async function record(judged: Judged, method: string, asker: Asker): Promise<Result<void>> {
    return await log.write(logLine(judged, method, asker, new Date()), denialOf(judged, method, asker));
  }

  const authz = authzServer(rule);
  const listening = await listenUnix(authz.server, path);
  if (!listening.ok) return listening;
  return ok({
    name: basename(path, ".sock"),
    use(next) {
      policies = next;
    },
    async check() {
      const answer = await engine.get("/version");
      return answer.ok ? ok(undefined) : answer;
    },
    async stop() {
      await authz.end();
      await engine.close();
    },
  });
}

/**
 * Listens where dockerd looks for plugins, for root alone. A socket that nobody answers at is left by a process that died,
 * and is replaced; one that somebody answers at is not.
 *
 * @see https://docs.docker.com/engine/extend/plugin_api/#plugin-discovery
 */
async function listenUnix(server: Server, path: string): Promise<Result<void>> {
  const free = await freePath(path);
  if (!free.ok) return free;
  return await new Promise((resolve) => {
    server.once("error", (error) => resolve(failed(`${path} cannot be listened at: ${reasonOf(error)}`)));
    // Nobody else may come in before the mode is set.
    const umask = process.umask(0o177);
    server.listen(path, () => {
      chmodSync(path, 0o600);
      resolve(ok(undefined));
    });
    process.umask(umask);
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
