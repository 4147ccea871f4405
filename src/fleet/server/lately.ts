/** An answer is given for so many times as long as it took. Behind the first half a new one is worked out meanwhile. */
const times = 40;
/** Milliseconds. What takes less is asked anew each time. */
const quick = 50;
const longest = 30_000;
/** Answers that are kept at once. */
const most = 200;

interface Kept {
  readonly value: unknown;
  readonly fresh: number;
  readonly until: number;
}

export type Lately = <T>(key: string, ask: () => Promise<T>) => Promise<T>;

/**
 * For answers that add up a whole fleet: the longer one took, the longer it is given again, at most half a minute. Who keeps
 * asking never waits for the next one. Who asks while the first is worked out waits for the same answer. A failure is not kept.
 */
export function openLately(now: () => number = Date.now): Lately {
  const kept = new Map<string, Kept>();
  const asked = new Map<string, Promise<unknown>>();

  async function work(key: string, ask: () => Promise<unknown>): Promise<unknown> {
    const begun = now();
    try {
      const value = await ask();
      const took = now() - begun;
      kept.delete(key);
      if (took >= quick) {
        const age = Math.min(longest, times * took);
        kept.set(key, { value, fresh: now() + age / 2, until: now() + age });
      }
      const [oldest] = kept.keys();
      if (kept.size > most && oldest !== undefined) kept.delete(oldest);
      return value;
    } finally {
      asked.delete(key);
    }
  }

  function anew(key: string, ask: () => Promise<unknown>): Promise<unknown> {
    const known = asked.get(key);
    if (known) return known;
    const value = work(key, ask);
    asked.set(key, value);
    return value;
  }

  return async function lately<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = kept.get(key);
    if (!known || known.until <= now()) return (await anew(key, ask)) as T;
    // One that fails leaves the old answer, until its time is over.
    if (known.fresh <= now()) anew(key, ask).catch(() => {});
    return known.value as T;
  };
}
