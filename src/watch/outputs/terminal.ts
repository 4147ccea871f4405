import { visible } from "../../base/visible.ts";
import { padEnd } from "../../base/width.ts";
import { styleOf } from "../../report/text/style.ts";
import type { Change } from "../change.ts";
import type { Output } from "./output.ts";
import { sayCause, sayMessage, weightOf } from "./words.ts";

/** Characters that a reader may be behind before its lines are dropped: memory must not grow with a reader that stands still. */
const most = 8 * 1024 * 1024;

/** Prints a line for each change. A reader that stops reading loses lines; it gets their number when it reads on. */
export function streamOutput(
  stream: Pick<NodeJS.WriteStream, "write" | "writableLength">,
  lineOf: (change: Change) => string,
  say: (text: string) => void,
): Output {
  let lost = 0;
  return {
    send(change) {
      if (stream.writableLength > most) {
        lost += 1;
        return;
      }
      if (lost > 0) say(`the reader of the output stood still: ${lost} changes were not printed`);
      lost = 0;
      stream.write(lineOf(change));
    },
    async close() {
      if (lost > 0) say(`the reader of the output stood still: ${lost} changes were not printed`);
    },
  };
}

/** A change as one line of text: `2026-11-25T03:58:08Z opened critical docker-socket-mount container:web (configured): Mounts …`. */
export function lineOf(change: Change, colour: boolean): string {
  const { bold, dim, severity } = styleOf(colour);
  const { finding } = change;
  const word = padEnd(change.change, 8);
  const weight = padEnd(weightOf(finding), 8);
  return [
    dim(change.time),
    change.change === "resolved" ? dim(word) : word,
    change.change === "resolved" ? dim(weight) : severity(finding.severity, weight),
    bold(finding.control),
    `${visible(finding.subject)} (${finding.level}):`,
    sayMessage(change),
    dim(`[${sayCause(change.cause)}]`),
  ].join(" ");
}
