import { spawn } from "node:child_process";
import { dirname, resolve } from "node:path";
import { failed, ok, type Result } from "../base/result.ts";

/** The docker CLI, which speaks to one Engine. */
export interface Docker {
  readonly run: (words: readonly string[], options: RunOptions) => Promise<Ended>;
  /** Runs it where some files have the content of others: in a mount namespace of its own. */
  readonly runSeeing: (
    instead: readonly (readonly [file: string, other: string])[],
    words: readonly string[],
    options: RunOptions,
  ) => Promise<Ended>;
}

type RunOptions = Omit<ProgramOptions, "environment">;

interface DockerTarget {
  readonly host?: string | undefined;
  readonly context?: string | undefined;
}

/** Milliseconds for a question that starts nothing. */
const quick = 60_000;

export function dockerAt({ host, context }: DockerTarget): Docker {
  const target = [...(host ? ["--host", host] : []), ...(context ? ["--context", context] : [])];
  // A user without root may mount in a user namespace of its own.
  const flags = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--map-root-user"];
  const script =
    'while [ "$1" != -- ]; do mount --bind "$2" "$1" || exit 1; shift 2; done; shift; exec docker "$@"';
  return {
    run: (words, options) => runProgram("docker", [...target, ...words], options),
    runSeeing: (instead, words, options) =>
      runProgram(
        "unshare",
        [...flags, "sh", "-c", script, "sh", ...instead.flat(), "--", ...target, ...words],
        options,
      ),
  };
}

/** A Compose project, as the docker CLI's options name it. */
export interface ComposeFiles {
  readonly files: readonly string[];
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
}

/** The folder that a project's paths start from, where nothing says another: that of its first file. */
export function folderOf({ files }: Pick<ComposeFiles, "files">): string {
  return dirname(resolve(files[0] ?? "."));
}

/** `compose --project-directory … --file …`, before the command. */
export function composeWords(
  { files, profiles, envFiles }: ComposeFiles,
  folder: string = folderOf({ files }),
): readonly string[] {
  return [
    ...["compose", "--project-directory", folder],
    ...files.flatMap((file) => ["--file", resolve(file)]),
    ...profiles.flatMap((name) => ["--profile", name]),
    ...envFiles.flatMap((file) => ["--env-file", resolve(file)]),
  ];
}

/** Checks that the docker CLI and its Compose plugin (v2) are installed. */
export async function requireCompose(docker: Docker, signal: AbortSignal): Promise<Result<void>> {
  const version = await docker.run(["compose", "version", "--short"], { limit: quick, signal });
  if (version.missing) return failed("trials need the docker CLI, which is not installed here");
  if (version.status !== 0) {
    return failed("trials need Docker Compose v2, and `docker compose version` fails: install the plugin");
  }
  return ok(undefined);
}

/** The line of a docker command's standard error that says why it failed. */
export function whyFailed({ stderr, stdout, timedOut }: Ended, limit: number): string {
  if (timedOut) return `it did not end within ${Math.round(limit / 1000)} s`;
  const lines = `${stderr}\n${stdout}`
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  const said = lines.findLast((line) => /error|invalid|cannot|no such|not found|denied|fail/i.test(line));
  return (said ?? lines.at(-1) ?? "it failed and said nothing").replace(/^Error response from daemon: /, "");
}

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

interface ProgramOptions {
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
