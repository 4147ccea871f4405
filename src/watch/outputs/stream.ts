import type { Change } from "../change.ts";
import type { Output } from "../output.ts";

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
