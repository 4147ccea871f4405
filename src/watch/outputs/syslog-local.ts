import { type ChildProcess, spawn } from "node:child_process";
import type { Output } from "../output.ts";
import type { SyslogOptions } from "./syslog.ts";
import { facilities, levelOf, textOf } from "./syslog-message.ts";

/** Lines that wait for a logger that starts again. */
const most = 5_000;

/**
 * The machine's own syslog: /dev/log is a unix socket for datagrams, which Node cannot send, so lines go to one long-lived
 * `logger`, each with its priority. journald and rsyslog both listen there.
 *
 * @see https://man7.org/linux/man-pages/man1/logger.1.html
 */
export function syslogLocal(path: string, { sender, say, retryEvery = 2_000 }: SyslogOptions): Output {
  let logger: ChildProcess | undefined;
  const waiting: string[] = [];
  let lost = 0;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let ended: () => void = () => {};

  function start(): void {
    timer = undefined;
    const made = spawn(
      "logger",
      [
        ...["--socket", path, "--socket-errors=on", "--tag", "bulkhead", `--id=${sender.process}`],
        "--prio-prefix",
      ],
      { stdio: ["pipe", "ignore", "ignore"] },
    );
    logger = made;
    made.once("error", (error: NodeJS.ErrnoException) =>
      tell(error.code === "ENOENT" ? "the program logger is not there" : (error.code ?? error.message)),
    );
    made.once("close", (status) => {
      logger = undefined;
      ended();
      if (closed) return;
      tell(`logger ended with ${status}`);
      timer = setTimeout(start, retryEvery);
    });
    // Whoever ends closes its end of the pipe; `close` tells of it.
    made.stdin?.on("error", () => {});
    flush();
  }

  function tell(why: string): void {
    if (!failing && !closed) say(`unix://${path} cannot be written (${why}): changes wait until it can`);
    failing = true;
  }

  function flush(): void {
    const input = logger?.stdin;
    while (input && logger?.exitCode === null && waiting.length > 0 && !input.writableNeedDrain)
      input.write(waiting.shift() ?? "");
  }

  start();
  return {
    send(change) {
      waiting.push(`<${facilities[sender.facility] * 8 + levelOf(change)}>${textOf(change)}\n`);
      if (waiting.length > most) {
        waiting.shift();
        lost += 1;
      }
      flush();
    },
    async close() {
      closed = true;
      if (timer) clearTimeout(timer);
      flush();
      if (waiting.length + lost > 0)
        say(`unix://${path}: ${waiting.length + lost} changes not delivered, and lost`);
      const last = logger;
      if (!last?.stdin) return;
      const gone = new Promise<void>((resolve) => (ended = resolve));
      last.stdin.end();
      const deadline = setTimeout(() => last.kill("SIGKILL"), 2_000);
      await gone;
      clearTimeout(deadline);
    },
  };
}
