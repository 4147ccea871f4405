/** An answer is kept for so many times as long as it took. */
const times = 20;
/** Milliseconds. What takes less is asked anew each time. */
const quick = 50;
const longest = 30_000;
/** Answers that are kept at once. */
const most = 200;

interface Kept {
  readonly until: number;
  readonly value: Promise<unknown>;
}

export type Lately = <T>(key: string, ask: () => Promise<T>) => Promise<T>;

/**
 * For answers that add up a whole fleet: the longer one took, the longer it is given again, at most half a minute. Who asks while
 * it is worked out waits for the same answer. A failure is not kept.
 */
export function openLately(now: () => number = Date.now): Lately {
  const kept = new Map<string, Kept>();

  return async function lately<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const known = kept.get(key);
    if (known && known.until > now()) return (await known.value) as T;
    const begun = now();
    const value = ask();
    kept.delete(key);
    kept.set(key, { until: Number.POSITIVE_INFINITY, value });
    const [oldest] = kept.keys();
    if (kept.size > most && oldest !== undefined) kept.delete(oldest);
    try {
      const answer = await value;
      const took = now() - begun;
      if (took < quick) forget();
      else if (isMine()) kept.set(key, { until: now() + Math.min(longest, times * took), value });
      return answer;
    } catch (error) {
      forget();
      throw error;
    }

    function isMine(): boolean {
      return kept.get(key)?.value === value;
    }

    function forget(): void {
      if (isMine()) kept.delete(key);
    }
  };
}
