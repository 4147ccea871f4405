/** What a run with some of the steps showed. */
export interface Tried<S> {
  readonly works: boolean;
  /** Steps that its logs speak against, the likeliest first. */
  readonly suspects: readonly S[];
}

export interface Largest<S> {
  /** Exactly this set was run, and worked. */
  readonly kept: readonly S[];
  /** Each with the place of the run, counted from 0, after which it was given up. */
  readonly broken: ReadonlyMap<S, number>;
  readonly runs: number;
}

/**
 * The largest set of steps with which it works, as far as single steps can be told apart: no dropped step can be added
 * back without breaking it. All steps are tried at once. Then suspects are dropped, one a run. Without a suspect the rest is
 * halved, as delta debugging does (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input). That it works
 * without any step is the caller's to know.
 */
export async function largestSet<S>(
  steps: readonly S[],
  run: (chosen: readonly S[]) => Promise<Tried<S>>,
): Promise<Largest<S>> {
  const known = new Map<string, Tried<S>>();
  const broken = new Map<S, number>();
  let runs = 0;
  const attempt = async (chosen: readonly S[]): Promise<Tried<S>> => {
    const set = steps.filter((step) => chosen.includes(step));
    const key = set.map((step) => steps.indexOf(step)).join();
    const before = known.get(key);
    if (before) return before;
    const tried = set.length === 0 ? { works: true, suspects: [] } : await run(set);
    if (set.length > 0) runs += 1;
    known.set(key, tried);
    return tried;
  };

  let left = [...steps];
  let tried = await attempt(left);
  while (!tried.works) {
    const suspect = tried.suspects.find((each) => left.includes(each));
    if (suspect === undefined || left.length === 1) break;
    broken.set(suspect, runs - 1);
    left = left.filter((each) => each !== suspect);
    tried = await attempt(left);
  }
  if (!tried.works) left = [...(await widest([], left))];
  // A suspect that was dropped before the real culprit may be innocent.
  if (broken.size > 1 || !tried.works) left = [...(await addBack(left))];
  return { kept: left, broken, runs };

  async function addBack(kept: readonly S[]): Promise<readonly S[]> {
    let all = kept;
    // The last one that was dropped made it work, so it is known to break.
    const lastSuspect = tried.works ? [...broken.keys()].at(-1) : undefined;
    for (const step of [...broken.keys()].filter((each) => each !== lastSuspect)) {
      if (all.includes(step)) continue;
      const again = await attempt([...all, step]);
      if (!again.works) continue;
      broken.delete(step);
      all = [...all, step];
    }
    return all;
  }

  /** `base` works; as many of `more` as can join it. */
  async function widest(base: readonly S[], more: readonly S[]): Promise<readonly S[]> {
    if (more.length === 0) return base;
    const all = await attempt([...base, ...more]);
    if (all.works) return [...base, ...more];
    const [only] = more;
    if (more.length === 1 && only !== undefined) {
      broken.set(only, runs - 1);
      return base;
    }
    const middle = Math.ceil(more.length / 2);
    const left = await widest(base, more.slice(0, middle));
    return await widest(left, more.slice(middle));
  }
}
