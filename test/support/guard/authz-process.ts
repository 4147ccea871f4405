import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { slowness } from "../slowness.ts";
import { pluginSocket } from "./plugin-sockets.ts";

/** `bulkhead guard authz` as dockerd's users run it: a process beside dockerd. */
export interface AuthzProcess {
  /** What stands in dockerd's `authorization-plugins`. */
  readonly name: string;
  readonly child: ChildProcess;
  /** What it said on standard error since the last reload. */
  said(): string;
  /** Writes the policy and waits until it was read, or refused. */
  reload(yaml: string): Promise<void>;
  /** Ends it at once, and takes its socket away. dockerd answers nobody from then on, unless it knows no plugin any more. */
  stop(): Promise<void>;
}

export interface AuthzOptions {
  readonly name: string;
  /** DOCKER_HOST of the Engine that asks it. */
  readonly engine: string;
  /** The policy's file; `yaml` is written into it first. */
  readonly config: string;
  readonly yaml: string;
  readonly folder: string;
  readonly args: readonly string[];
}

/** Starts it and waits until it listens. Rejects with what it said where it ends before. */
export async function startAuthz(program: string, options: AuthzOptions): Promise<AuthzProcess> {
  const { name, engine, config, yaml, folder, args } = options;
  const socket = pluginSocket(name);
  writeFileSync(config, yaml);
  const child = spawn(
    process.execPath,
    [
      program,
      "guard",
      "authz",
      `--listen=unix://${socket}`,
      `--host=${engine}`,
      `--config=${config}`,
      ...args,
    ],
    { env: { PATH: process.env.PATH ?? "", HOME: folder }, stdio: ["ignore", "inherit", "pipe"] },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const until = async (isDone: () => boolean) => {
    for (let waited = 0; !isDone(); waited += 10) {
      if (waited > 30_000 * slowness || child.exitCode !== null) throw new Error(`guard authz: ${said}`);
      await pause(10);
    }
  };
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    }
    rmSync(socket, { force: true });
  };
  try {
    await until(() => said.includes(`listens at ${socket}`));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    child,
    said: () => said,
    async reload(text) {
      said = "";
      writeFileSync(config, text);
      child.kill("SIGHUP");
      await until(() => said.includes("SIGHUP"));
    },
    stop,
  };
}
