// A process that answers one question at a time. One that does not answer in time is killed with all that it started, and
// the next question starts another.

import { type ChildProcess, fork } from "node:child_process";

export interface Asked<Question, Answer> {
  /** Undefined where no answer comes within `limit` milliseconds. */
  ask(question: Question, limit: number): Promise<Answer | undefined>;
  close(): void;
}

export function openProcess<Question extends object, Answer>(
  program: string,
  args: readonly string[] = [],
): Asked<Question, Answer> {
  let child: ChildProcess | undefined;

  function end(): void {
    const pid = child?.pid;
    child = undefined;
    if (pid === undefined) return;
    try {
      process.kill(-pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  }

  return {
    ask(question, limit) {
      child ??= fork(program, [...args], { detached: true, stdio: ["ignore", "inherit", "inherit", "ipc"] });
      const asked = child;
      return new Promise((resolve, reject) => {
        const settle = (done: () => void) => {
          clearTimeout(timer);
          asked.removeAllListeners();
          done();
        };
        const timer = setTimeout(
          () =>
            settle(() => {
              end();
              resolve(undefined);
            }),
          limit,
        );
        asked.once("message", (answer) => settle(() => resolve(answer as Answer)));
        // Its tests run in processes of their own: no mutant ends this one.
        asked.once("exit", (code) =>
          settle(() => {
            end();
            reject(new Error(`${program} ended with ${code} before it answered`));
          }),
        );
        asked.once("error", (error) => settle(() => reject(error)));
        asked.send(question);
      });
    },
    close: end,
  };
}
