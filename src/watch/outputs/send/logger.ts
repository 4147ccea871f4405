import { spawn } from "node:child_process";
import type { Posted } from "./post.ts";

/** Bytes of a message. A logger cuts longer ones in two, unless it is told that they may be as long as `--size`. */
const longest = 2_048;

/**
 * Sends lines, each after its priority, to the machine's own syslog. /dev/log is a unix socket for datagrams, which Node cannot
 * send, so they go to `logger`. It ends with 0 when the socket took all of them; otherwise they are sent again, some of them
 * perhaps twice. journald and rsyslog both listen there. Never rejects.
 *
 * @see https://man7.org/linux/man-pages/man1/logger.1.html
 */
export function sendByLogger(
  path: string,
  lines: readonly string[],
  { timeout, signal }: { readonly timeout: number; readonly signal: AbortSignal },
): Promise<Posted> {
  return new Promise((resolve) => {
    const fail = (why: string) =>
      resolve({ outcome: "failed", reason: `takes nothing (${why})`, after: undefined });
    const logger = spawn(
      "logger",
      [
        ...["--socket", path, "--socket-errors=on", "--size", String(longest)],
        ...["--tag", "bulkhead", `--id=${process.pid}`, "--prio-prefix"],
      ],
      { stdio: ["pipe", "ignore", "pipe"], timeout, signal, killSignal: "SIGKILL" },
    );
    let errors = "";
    logger.stderr.on("data", (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-1_000);
    });
    logger.once("error", ({ code }: NodeJS.ErrnoException) =>
      fail(
        code === "ENOENT" ? "the program logger is not there" : `logger cannot be started, ${code ?? "why"}`,
      ),
    );
    logger.once("close", (status, killed) => {
      if (status === 0) resolve({ outcome: "taken" });
      else if (killed) fail(`it reads nothing for ${timeout / 1_000} s`);
      else fail(errors.trim().split(": ").at(-1)?.toLowerCase() || `logger ends with ${status}`);
    });
    // A process that ends early closes the pipe; `close` reports it.
    logger.stdin.on("error", () => {});
    logger.stdin.end(lines.map((line) => `${line}\n`).join(""));
  });
}
