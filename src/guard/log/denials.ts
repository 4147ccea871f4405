import { ok, type Result } from "../../base/result.ts";
import type { Denial, Sink } from "./sink.ts";

/** Denials alike that are written whole in one span of time, and of one client whatever they are. */
const usual = { alike: 20, client: 200, span: 10_000 };

/** Kinds of denials that are counted apart. */
const mostKeys = 200;

interface Counted {
  written: number;
  /** Not written, only counted. */
  more: number;
  readonly denial: Denial;
}

/**
 * The sink without a flood of denials: those that repeat are written a few times and then counted, with one line for all of them
 * at the end of the span. A decision that lets something through is always written.
 */
export function countDenials(sink: Sink, limits: Partial<typeof usual> = {}): Sink {
  const { alike, client, span } = { ...usual, ...limits };
  let byKey = new Map<string, Counted>();
  let byClient = new Map<string, number>();
  /** The end of a failed summary is no decision: what it counts is counted on. */
  function summarise(): void {
    const before = byKey;
    byKey = new Map();
    byClient = new Map();
    for (const { more, denial } of before.values()) {
      if (more > 0) void sink.write(denial.counted(more));
    }
  }
  const timer = setInterval(summarise, span).unref();

  return {
    ...sink,
    write(line, denial): Result<void> | Promise<Result<void>> {
      if (!denial) return sink.write(line);
      // Who finds ever new ways to be denied is counted as one.
      const key = byKey.size < mostKeys || byKey.has(denial.key) ? denial.key : denial.client;
      const known = byKey.get(key) ?? { written: 0, more: 0, denial };
      byKey.set(key, known);
      const ofClient = byClient.get(denial.client) ?? 0;
      if (known.written >= alike || ofClient >= client || !sink.hasRoomForDenials()) {
        known.more += 1;
        return ok(undefined);
      }
      known.written += 1;
      byClient.set(denial.client, ofClient + 1);
      return sink.write(line, denial);
    },
    isFree: () => sink.isFree(),
    close() {
      clearInterval(timer);
      summarise();
      sink.close();
    },
  };
}
