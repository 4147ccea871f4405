import { spawn } from "node:child_process";
import { count } from "../../../report/words.ts";
import type { Output } from "../../output.ts";
import { cutBytes } from "../utf8.ts";
import { facilities, levelOf, textOf } from "./message.ts";
import type { SyslogOptions } from "./syslog.ts";
import { within } from "./within.ts";

/** Lines that wait; and that one logger is given. */
const most = { waiting: 5_000, atOnce: 500 };

/** Bytes of a line. A logger cuts longer messages in two, unless it is told that they may be as long as `--size`. */
const longest = { line: 1_024, message: 2_048 };

/** Milliseconds that a logger may take, and the last one at the end. */
const patience = { usual: 10_000, end: 2_000 };

/**
 * The machine's own syslog: /dev/log is a unix socket for datagrams, which Node cannot send, so lines go to `logger`, each with its
 * priority. It ends with 0 where the socket took all of them; else they are told again, some of them perhaps twice. journald
 * and rsyslog both listen there.
 *
 * @see https://man7.org/linux/man-pages/man1/logger.1.html
 */
export function syslogLocal(path: string, { sender, say, retryEvery = 2_000 }: SyslogOptions): Output {
  const waiting: string[] = [];
  let lost = 0;
  let failing = false;
  let running: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const ending = new AbortController();
  let closed = false;

  function wake(timeout = patience.usual): void {
    if (running || timer || waiting.length === 0) return;
    const lines = waiting.slice(0, most.atOnce);
    running = log(path, lines, { process: sender.process, timeout, signal: ending.signal }).then((why) => {
      running = undefined;
      if (why === undefined) {
        waiting.splice(0, lines.length);
        recover();
        wake(timeout);
      } else if (!closed) {
        if (!failing) say(`unix://${path} takes nothing (${why}): changes wait until it does`);
        failing = true;
        timer = setTimeout(again, retryEvery);
      }
    });
  }

  function again(): void {
    timer = undefined;
    wake();
  }

  function recover(): void {
    if (failing)
      say(
        `unix://${path} takes changes again${lost > 0 ? `; ${count(lost, "change")} were too many to wait` : ""}`,
      );
    failing = false;
    lost = 0;
  }

  return {
    send(change) {
      const priority = facilities[sender.facility] * 8 + levelOf(change);
      waiting.push(`<${priority}>${cutBytes(textOf(change), longest.line)}\n`);
      if (waiting.length > most.waiting) {
        waiting.shift();
        lost += 1;
      }
      wake();
    },
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      timer = undefined;
      const deadline = Date.now() + patience.end;
      wake(patience.end);
      while (running && Date.now() < deadline) await within(running, deadline - Date.now());
      ending.abort();
      const gone = waiting.length + lost;
      if (gone > 0) say(`unix://${path}: ${count(gone, "change")} not delivered, and lost`);
    },
  };
}

/** Undefined where all lines were taken, else why not. */
function log(
  path: string,
  lines: readonly string[],
  {
    process,
    timeout,
    signal,
  }: { readonly process: number; readonly timeout: number; readonly signal: AbortSignal },
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const logger = spawn(
      "logger",
      [
        ...["--socket", path, "--socket-errors=on", "--size", String(longest.message)],
        ...["--tag", "bulkhead", `--id=${process}`, "--prio-prefix"],
      ],
      { stdio: ["pipe", "ignore", "pipe"], timeout, signal, killSignal: "SIGKILL" },
    );
    let errors = "";
    logger.stderr.on("data", (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-1_000);
    });
    logger.once("error", ({ code }: NodeJS.ErrnoException) =>
      resolve(
        code === "ENOENT" ? "the program logger is not there" : `logger cannot be started, ${code ?? "why"}`,
      ),
    );
    logger.once("close", (status, killed) => {
      if (status === 0) resolve(undefined);
      else if (killed) resolve(`it reads nothing for ${timeout / 1_000} s`);
      else resolve(errors.trim().split(": ").at(-1)?.toLowerCase() || `logger ends with ${status}`);
    });
    // A process that ends early closes the pipe; `close` reports it.
    logger.stdin.on("error", () => {});
    logger.stdin.end(lines.join(""));
  });
}
