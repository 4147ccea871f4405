import { type ChildProcess, spawn } from "node:child_process";
import { resolve } from "node:path";
import { onTestFinished } from "vitest";
import { until } from "./watching.ts";

export interface RunningWatch {
  readonly process: ChildProcess;
  stdout(): string;
  stderr(): string;
  /** Ends it by the signal and gives its exit status. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

export interface WatchCommand {
  readonly program: string;
  readonly host: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What runs it, with its arguments; by default nothing does. */
  readonly under?: readonly string[];
  /** A file descriptor for its standard output; by default it is read. */
  readonly stdout?: number;
}

/** Runs `bulkhead watch` until the test ends, and waits until it has looked once. */
export async function startWatchCommand({
  program,
  host,
  args,
  cwd = "/",
  env = {},
  under = [],
  stdout,
}: WatchCommand): Promise<RunningWatch> {
  const [command = "", ...words] = [...under, process.execPath, program, "watch", "-H", host, ...args];
  const child = spawn(command, words, {
    cwd,
    // The driver of the database is not part of the copy that is tested.
    env: { PATH: process.env.PATH ?? "", HOME: "/nonexistent", NODE_PATH: resolve("node_modules"), ...env },
    stdio: ["ignore", stdout ?? "pipe", "pipe"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let printed = "";
  let said = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  await until(
    () => said.includes("watching") || child.exitCode !== null,
    () => `it is not ready: ${said}`,
  );
  return {
    process: child,
    stdout: () => printed,
    stderr: () => said,
    end: (signal = "SIGTERM") =>
      new Promise((settle) => {
        child.once("close", settle);
        child.kill(signal);
      }),
  };
}
