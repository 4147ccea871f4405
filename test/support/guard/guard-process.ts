import { type ChildProcess, execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { slowness } from "../slowness.ts";

/** `bulkhead guard proxy` as its users run it: a process. */
export interface GuardProcess {
  readonly folder: string;
  readonly socketPath: string;
  readonly host: string;
  readonly pid: number;
  readonly logPath: string;
  /** What it said on standard error. */
  said(): string;
  /** The audit log's entries so far. */
  entries(): readonly {
    readonly verdict: string;
    readonly route: string | null;
    readonly controls: readonly string[];
  }[];
  /** Runs docker through it. Never rejects for an exit status. */
  docker(
    args: readonly string[],
    options?: { readonly input?: string | Uint8Array; readonly env?: Record<string, string> },
  ): Promise<Ran>;
  /** Resident memory in bytes, and open files. */
  size(): { readonly memory: number; readonly files: number };
  signal(name: NodeJS.Signals): void;
  /** Waits until it has said this. */
  untilSaid(text: string): Promise<void>;
  /** Waits for its end; gives the exit status. */
  ended(): Promise<number | null>;
  stop(): Promise<void>;
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export async function startGuard(
  program: string,
  engine: string,
  args: readonly string[] = ["--no-config"],
): Promise<GuardProcess> {
  const folder = mkdtempSync(join(tmpdir(), "bulkhead-guard-"));
  const socketPath = join(folder, "guard.sock");
  const logPath = join(folder, "audit.log");
  const ownLog = args.includes("--log") ? [] : ["--log", logPath];
  const child = spawn(
    process.execPath,
    [program, "guard", "proxy", "--listen", `unix://${socketPath}`, "--host", engine, ...ownLog, ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { PATH: process.env.PATH ?? "", HOME: folder } },
  );
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  const ended = new Promise<number | null>((resolve) => child.once("exit", (status) => resolve(status)));
  const host = `unix://${socketPath}`;
  const untilSaid = async (text: string) => {
    for (let waited = 0; !said.includes(text); waited += 20) {
      if (waited > 20_000 * slowness) throw new Error(`never said “${text}”, but: ${said}`);
      await pause(20);
    }
  };
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (let waited = 0; !existsSync(socketPath) || !said.includes("guards "); waited += 20) {
    if (child.exitCode !== null || waited > 20_000 * slowness) {
      await stop();
      throw new Error(`the guard did not start: ${said}`);
    }
    await pause(20);
  }
  const pid = child.pid ?? 0;
  return {
    folder,
    socketPath,
    host,
    pid,
    logPath,
    said: () => said,
    entries: () =>
      readFileSync(logPath, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line)),
    docker: (words, options = {}) => runDocker(host, folder, words, options),
    size: () => ({
      memory: Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024,
      files: readdirSync(`/proc/${pid}/fd`).length,
    }),
    signal: (name) => child.kill(name),
    untilSaid,
    ended: () => ended,
    stop,
  };
}

function runDocker(
  host: string,
  folder: string,
  args: readonly string[],
  { input, env = {} }: { readonly input?: string | Uint8Array; readonly env?: Record<string, string> },
): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      "docker",
      args,
      { env: dockerEnvironment(host, folder, env), maxBuffer: 64 * 1024 * 1024, timeout: 60_000 * slowness },
      (error, stdout, stderr) => {
        const status = error ? (typeof error.code === "number" ? error.code : -1) : 0;
        resolve({ status, stdout, stderr });
      },
    );
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
  });
}

export function dockerEnvironment(host: string, folder: string, env: Readonly<Record<string, string>> = {}) {
  return { PATH: process.env.PATH ?? "", HOME: folder, DOCKER_CONFIG: folder, DOCKER_HOST: host, ...env };
}

/** A docker that goes on: its output so far, and its end. */
export function spawnDocker(guard: GuardProcess, args: readonly string[]) {
  const child: ChildProcess = spawn("docker", args, { env: dockerEnvironment(guard.host, guard.folder) });
  let output = "";
  let bytes = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (output.length < 100_000) output += chunk.toString();
    });
  }
  child.stdin?.on("error", () => undefined);
  const ended = new Promise<number | null>((resolve) => child.once("exit", (status) => resolve(status)));
  return {
    child,
    output: () => output,
    bytes: () => bytes,
    ended,
    async until(text: string): Promise<void> {
      for (let waited = 0; !output.includes(text); waited += 20) {
        if (waited > 30_000 * slowness) throw new Error(`“${text}” did not come, but: ${output}`);
        await pause(20);
      }
    },
  };
}
