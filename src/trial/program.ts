import { spawn } from "node:child_process";

/** How a program ended, with what it wrote (at most `mostOutput` of each stream). */
export interface Ended {
  /** The exit status; undefined where a signal, or its absence from this machine, ended it. */
  readonly status: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
  /** The program is not installed. */
  readonly missing: boolean;
}

export interface ProgramOptions {
  readonly input?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly folder?: string;
  /** Milliseconds. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

const mostOutput = 32 * 1024 * 1024;

/** Runs a program in its own process group. The whole group is killed at the time limit and on abort. Never rejects. */
export function runProgram(
  command: string,
  words: readonly string[],
  { input, environment = process.env, folder, limit, signal }: ProgramOptions,
): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command, words, {
      detached: true,
      env: environment,
      ...(folder !== undefined && { cwd: folder }),
      stdio: ["pipe", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let timedOut = false;
    let missing = false;
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
      } catch {
        // The group has ended already.
      }
    };
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, limit);
    const finish = (status: number | null) => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      resolve({ status: status ?? undefined, stdout, stderr, timedOut, missing });
    };
    if (signal?.aborted) kill();
    signal?.addEventListener("abort", kill, { once: true });
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      if (stdout.length < mostOutput) stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      if (stderr.length < mostOutput) stderr += text;
    });
    child.on("error", (error: NodeJS.ErrnoException) => {
      missing = error.code === "ENOENT";
      stderr ||= error.message;
      finish(null);
    });
    child.on("close", finish);
    // A program may end without reading its input.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}
