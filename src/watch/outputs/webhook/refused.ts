import { appendFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { whyUnwritten } from "../../../base/error-words.ts";

/** Bytes of the file: it grows no further. */
const most = 1024 * 1024;

/** Keeps what a receiver does not take, as lines of JSON in `refused.jsonl` beside the queue. */
export function setAsideIn(
  folder: string | undefined,
  say: (text: string) => void,
): (record: string) => void {
  return (record) => {
    if (folder === undefined) return;
    const path = join(folder, "refused.jsonl");
    try {
      if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) + record.length > most) {
        say(`${path} is full: a change that was refused is dropped`);
        return;
      }
      appendFileSync(path, `${record}\n`, { mode: 0o600 });
    } catch (error) {
      say(`${path} cannot be written: ${whyUnwritten(error)}; a change that was refused is dropped`);
    }
  };
}
