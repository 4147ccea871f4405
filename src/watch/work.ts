import { setTimeout as pause } from "node:timers/promises";

/** Named pieces of work that run at the same time, and timers for later ones. */
export interface Work {
  /** Nothing is begun any more, and what is under way is to leave off. */
  readonly isOver: boolean;
  isBusy(name: string): boolean;
  begin(name: string, run: () => Promise<void>): void;
  /** Looks for work soon: what comes in the same moment is one piece of work. */
  wake(): void;
  /** Milliseconds. */
  after(milliseconds: number, then: () => void): void;
  /** Over at once when the work is. */
  sleep(milliseconds: number): Promise<void>;
  stop(): void;
  /** Resolves once nothing is under way. */
  ended(): Promise<void>;
}

/** `look` is called where there may be work; `fail` with what a piece of work was thrown by, which must not end the rest. */
export function openWork(look: () => void, fail: (error: unknown) => void): Work {
  const busy = new Set<string>();
  const running = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  const over = new AbortController();
  let isAwake = false;

  function wake(): void {
    if (isAwake || over.signal.aborted) return;
    isAwake = true;
    setImmediate(() => {
      isAwake = false;
      if (!over.signal.aborted) look();
    });
  }

  return {
    get isOver() {
      return over.signal.aborted;
    },
    isBusy: (name) => busy.has(name),
    begin(name, run) {
      busy.add(name);
      const piece = run()
        .catch((error: unknown) => {
          if (!over.signal.aborted) fail(error);
        })
        .finally(() => {
          busy.delete(name);
          running.delete(piece);
          wake();
        });
      running.add(piece);
    },
    wake,
    after(milliseconds, then) {
      if (over.signal.aborted) return;
      const timer = setTimeout(() => {
        timers.delete(timer);
        then();
        wake();
      }, milliseconds);
      timers.add(timer);
    },
    async sleep(milliseconds) {
      await pause(milliseconds, undefined, { signal: over.signal }).catch(() => {});
    },
    stop() {
      over.abort();
      for (const timer of timers) clearTimeout(timer);
      timers.clear();
    },
    async ended() {
      await Promise.all(running);
    },
  };
}
