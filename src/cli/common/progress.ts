/**
 * A line that tells how far it is: on a terminal one that changes, once it takes longer than a second. `steps` are written to
 * a file and a pipe as well, a line each.
 */
export interface ProgressLine {
  /** Lets other work go on, and shows `done` if it is time to. */
  readonly show: (done: string) => Promise<void>;
  readonly clear: () => void;
}

const patience = 1000;
const pause = 100;

export function progressLine(stream: NodeJS.WriteStream, steps = false): ProgressLine {
  const started = Date.now();
  let shown = 0;
  let told = false;
  return {
    async show(done) {
      if (!told) expectMuchWork();
      told = true;
      const now = Date.now();
      if (steps && !stream.isTTY) stream.write(`bulkhead: ${done}\n`);
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

/** Majors of Node whose V8 is known to have the flag; another would say on standard error that it has not. */
const nodesKnown = [20, 22, 24];

/**
 * For a command that has many files to read and still ends in about a second. V8's optimising compiler then takes more of
 * the processor than its code gives back (a third of all, over 250 files): it starts when a function has run fifteen times
 * as long as by default, so that only what is really hot in a large input is compiled. Not for one file, which is read
 * sooner than node:v8 is loaded.
 */
function expectMuchWork(): void {
  if (!nodesKnown.includes(Number.parseInt(process.versions.node, 10))) return;
  process.getBuiltinModule("node:v8").setFlagsFromString("--interrupt-budget=1000000");
}

/** NO_COLOR (any value but empty) and FORCE_COLOR speak first; else a terminal gets colours. */
export function wantsColour(): boolean {
  if (process.env.NO_COLOR) return false;
  if (process.env.FORCE_COLOR) return process.env.FORCE_COLOR !== "0";
  return process.stdout.isTTY === true && process.env.TERM !== "dumb";
}
