import { expectMuchWork } from "./much-work.ts";

/** A line that tells how far it is, on a terminal and only when it takes longer than a second. */
export interface ProgressLine {
  /** Lets other work go on, and shows `done` if it is time to. */
  readonly show: (done: string) => Promise<void>;
  readonly clear: () => void;
}

const patience = 1000;
const pause = 100;

export function progressLine(stream: NodeJS.WriteStream): ProgressLine {
  const started = Date.now();
  let shown = 0;
  let told = false;
  return {
    async show(done) {
      if (!told) expectMuchWork();
      told = true;
      const now = Date.now();
      if (!stream.isTTY || now - started < patience || now - shown < pause) return;
      shown = now;
      stream.write(`\r\u001b[2Kbulkhead: ${done} …`);
      await new Promise((resolve) => setImmediate(resolve));
    },
    clear() {
      if (shown > 0) stream.write("\r\u001b[2K");
      shown = 0;
    },
  };
}
