import { writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { expect } from "vitest";
import { builtCommand } from "../../support/cli.ts";
import { type GuardProcess, type Ran, startGuard } from "../../support/guard/guard-process.ts";
import type { TestEngine } from "../engine.ts";

/** A request of the API; the body is JSON unless it is a text. */
export type Ask = readonly [method: string, path: string, body?: unknown];

export interface Asked {
  readonly ask: Ask;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Told {
  readonly status: number;
  /** The rules and controls that denied. */
  readonly rules: readonly string[];
  readonly text: string;
}

/** One guard before an engine, with a socket and a policy for each client. */
export interface GuardedClients {
  readonly guard: GuardProcess;
  socketOf(client: string): string;
  docker(client: string, args: readonly string[]): Promise<Ran>;
  /** docker's output; it must not fail. */
  passes(client: string, args: readonly string[]): Promise<string>;
  /** docker must fail, with these words. */
  fails(client: string, args: readonly string[], words: string): Promise<void>;
  /** The request as it stands, of API 1.45. */
  call(client: string, asked: Asked): Promise<Told>;
  stop(): Promise<void>;
}

/** Starts it; `words` are those of each client's policy, by its name. */
export async function guardClients(
  engine: TestEngine,
  words: Readonly<Record<string, string>>,
): Promise<GuardedClients> {
  const { folder } = engine;
  const socketOf = (client: string) => `${folder}/c-${client}.sock`;
  const lines = Object.entries(words).map(
    ([name, own]) => `    ${name}: { listen: "unix://${socketOf(name)}"${own ? `, ${own}` : ""} }\n`,
  );
  const config = join(folder, "bulkhead.yaml");
  writeFileSync(config, `guard:\n  clients:\n${lines.join("")}`);
  const guard = await startGuard(builtCommand(), engine.host, ["--config", config]);
  const docker = (client: string, args: readonly string[]) =>
    guard.docker(args, { env: { DOCKER_HOST: `unix://${socketOf(client)}` } });
  return {
    guard,
    socketOf,
    docker,
    async passes(client, args) {
      const ran = await docker(client, args);
      expect(ran, `${client}: docker ${args.join(" ")}`).toMatchObject({ status: 0 });
      return ran.stdout.trim();
    },
    async fails(client, args, text) {
      const ran = await docker(client, args);
      expect(ran.status, `${client}: docker ${args.join(" ")}`).not.toBe(0);
      expect(ran.stderr).toContain(text);
    },
    call: (client, asked) => call(socketOf(client), asked),
    stop: () => guard.stop(),
  };
}

function call(socketPath: string, { ask, headers = {} }: Asked): Promise<Told> {
  const [method, path, content] = ask;
  const body = typeof content === "string" || content === undefined ? content : JSON.stringify(content);
  const type = typeof content === "object" ? { "Content-Type": "application/json" } : {};
  return new Promise((resolve, reject) => {
    const sent = request({
      socketPath,
      method,
      // A session has no version.
      path: path === "/session" || path.startsWith("/v1.") ? path : `/v1.45${path}`,
      headers: { ...type, ...headers },
      agent: false,
    });
    sent.on("response", (answer) => {
      let text = "";
      const said = String(answer.headers["x-bulkhead-rules"] ?? "");
      answer.on("data", (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on("close", () =>
        resolve({ status: answer.statusCode ?? 0, rules: said.split(", ").filter(Boolean), text }),
      );
    });
    sent.on("upgrade", (_, socket) => {
      socket.destroy();
      resolve({ status: 101, rules: [], text: "" });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
