import { appendFileSync } from "node:fs";
import { whyUnwritten } from "../../base/error-words.ts";
import type { Change } from "../change.ts";
import type { Output } from "./output.ts";

/** Lines that are kept while a file cannot be written: a disk that is full for an hour loses nothing. */
const most = 20_000;

const retryEvery = 1_000;

/**
 * Appends a line for each change. The file is opened for each, so that it may be moved away at any time (logrotate). What cannot
 * be written waits and is tried again each second; the first failure is told, and when it is over.
 */
export function fileOutput(
  path: string,
  lineOf: (change: Change) => string,
  say: (text: string) => void,
): Output {
  let waiting: { readonly line: string; readonly time: number }[] = [];
  let sent = 0;
  let failures = 0;
  let lost = 0;
  let timer: NodeJS.Timeout | undefined;

  function flush(): void {
    if (waiting.length === 0) return;
    try {
      appendFileSync(path, waiting.map(({ line }) => line).join(""), { mode: 0o600 });
    } catch (error) {
      failures += 1;
      if (!timer) say(`${path} cannot be written: ${whyUnwritten(error)}; changes wait until it can`);
      timer ??= setInterval(flush, retryEvery);
      return;
    }
    sent += waiting.length;
    waiting = [];
    if (!timer) return;
    clearInterval(timer);
    timer = undefined;
    say(`${path} can be written again${lost > 0 ? `; ${lost} changes were too many to wait` : ""}`);
    lost = 0;
  }

  return {
    state: () => ({
      name: `file ${path}`,
      sent,
      failures,
      waiting: waiting.length,
      oldest: waiting[0]?.time,
    }),
    send(change) {
      waiting.push({ line: lineOf(change), time: Date.parse(change.time) / 1000 });
      if (waiting.length > most) {
        waiting.shift();
        lost += 1;
      }
      if (!timer) flush();
    },
    async close() {
      flush();
      if (timer) clearInterval(timer);
      if (waiting.length > 0) say(`${path} could not be written: ${waiting.length} changes are lost`);
    },
  };
}
