import { type StdioOptions, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { statFields } from "../base/stat-fields.ts";

/** The program is not there: what a shell answers then. */
const notFound = 127;

/** As timeout(1) answers. */
const timeIsOver = 124;
/** Milliseconds that a program has to end after SIGTERM, and that a timer takes at most. */
const killAfter = 10_000;
const longestTimer = 2 ** 31 - 1;

/** Signals that people and service managers send to a process. Those that stop and continue need no help. */
const passedOn = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

/** Those that a terminal sends to every process in front of it. */
const fromTerminal = new Set<string>(["SIGINT", "SIGQUIT", "SIGHUP"]);

export function runDocker(words: readonly string[]): Promise<number> {
  return runProgram("docker", words, process.env);
}

/** Pulls as `docker run` does: its progress is on standard error, and it reads nothing. */
export function pullWithDocker(words: readonly string[], quiet: boolean): Promise<number> {
  const streams: StdioOptions = ["ignore", quiet ? "ignore" : 2, "inherit"];
  return runProgram("docker", words, process.env, undefined, streams);
}

/**
 * Runs a program in this process's place: its standard streams (all of them, unless `stdio` says otherwise) and terminal, its
 * signals, its exit status (128 + n where signal n ended it, 124 where it was ended after `longest` milliseconds). Rejects never; says on standard error where the program cannot
 * be started.
 */
export function runProgram(
  program: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  longest?: number,
  stdio: StdioOptions = "inherit",
): Promise<number> {
  return new Promise((resolve) => {
    const handlers = passedOn.map((signal) => {
      const handler = () => {
        // The terminal has told it already; twice would be a second Ctrl-C.
        if (!(fromTerminal.has(signal) && isInFront())) child.kill(signal);
      };
      process.on(signal, handler);
      return [signal, handler] as const;
    });
    let isLate = false;
    const timers: NodeJS.Timeout[] = [];
    const end = (status: number) => {
      for (const timer of timers) clearTimeout(timer);
      for (const [signal, handler] of handlers) process.off(signal, handler);
      resolve(status);
    };
    const child = spawn(program, [...words], { stdio, env });
    child.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "ENOENT" ? "it is not in PATH" : (error.code ?? error.message);
      process.stderr.write(`bulkhead: ${program} cannot be started: ${why}\n`);
      end(notFound);
    });
    if (longest !== undefined) {
      const stop = (signal: NodeJS.Signals) => {
        isLate = true;
        child.kill(signal);
      };
      const kill = longest + killAfter;
      // A longer delay would fire at once.
      timers.push(setTimeout(stop, Math.min(longest, longestTimer), "SIGTERM"));
      timers.push(setTimeout(stop, Math.min(kill, longestTimer), "SIGKILL"));
    }
    child.once("exit", (code, signal) =>
      end(isLate ? timeIsOver : (code ?? 128 + (signal ? constants.signals[signal] : 0))),
    );
  });
}

/** Whether this process is in its terminal's foreground group (proc_pid_stat(5): pgrp is field 5, tpgid field 8). */
function isInFront(): boolean {
  try {
    const fields = statFields(readFileSync("/proc/self/stat", "utf8"));
    return fields[5] !== undefined && fields[5] === fields[8];
  } catch {
    return process.stdin.isTTY === true;
  }
}
