/** Milliseconds. */
const usual = { patience: 10_000, every: 1_000 };

/** Tells an Engine that says nothing from one that takes long. */
export interface Liveness {
  /** Somebody waits for an answer; `silent` is called where the Engine says nothing to anybody. Gives what ends the wait. */
  wait(silent: () => void): () => void;
  close(): void;
}

/**
 * Where an answer has not come for a while, the Engine is asked for a sign of life: `ping` gives whether one came. A pull, a
 * wait or a build may take an hour on an Engine that still answers a ping; one that does not answer that either is stopped or
 * hangs, and who waits for it is told.
 */
export function watchEngine(
  ping: () => Promise<boolean>,
  { patience = usual.patience, every = usual.every }: Partial<typeof usual> = {},
): Liveness {
  const waiting = new Map<() => void, number>();
  let isAsking = false;

  async function ask(): Promise<void> {
    isAsking = true;
    const asked = Date.now();
    const lives = await ping().catch(() => false);
    isAsking = false;
    for (const [silent, since] of waiting) {
      if (since + patience > asked) continue;
      // Behind those that came since.
      waiting.delete(silent);
      if (lives) waiting.set(silent, Date.now());
      else silent();
    }
  }

  const timer = setInterval(() => {
    const [oldest] = waiting.values();
    if (!isAsking && oldest !== undefined && Date.now() - oldest >= patience) void ask();
  }, every).unref();

  return {
    wait(silent) {
      waiting.set(silent, Date.now());
      return () => waiting.delete(silent);
    },
    close: () => clearInterval(timer),
  };
}
