/** What a run with some of the steps showed. */
export interface SubsetResult<S> {
  readonly works: boolean;
  /** Steps that its logs speak against, the likeliest first. */
  readonly suspects: readonly S[];
}

export interface Largest<S> {
  /** Exactly this set was run, and worked. */
  readonly kept: readonly S[];
  /** Each with the place of a run, counted from 0, that failed with it. */
  readonly broken: ReadonlyMap<S, number>;
  readonly runs: number;
}

/**
 * A largest set of steps with which it works: no dropped step can be added back without breaking it. All steps are tried at
 * once. Each run that fails costs one step: the one its logs speak against, else one that halving finds, as delta debugging
 * does (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input). The caller knows that it works untouched.
 */
export async function largestSet<S>(
  steps: readonly S[],
  run: (chosen: readonly S[]) => Promise<SubsetResult<S>>,
): Promise<Largest<S>> {
  type Placed = SubsetResult<S> & { readonly place: number };
  const known = new Map<string, Placed>();
  const broken = new Map<S, number>();
  let runs = 0;
  const attempt = async (chosen: readonly S[]): Promise<Placed> => {
    const set = steps.filter((step) => chosen.includes(step));
    const key = set.map((step) => steps.indexOf(step)).join();
    const before = known.get(key);
    if (before) return before;
    const place = runs;
    const tried = { ...(set.length === 0 ? { works: true, suspects: [] } : await run(set)), place };
    if (set.length > 0) runs += 1;
    known.set(key, tried);
    return tried;
  };

  let left = [...steps];
  let tried = await attempt(left);
  let last: S | undefined;
  while (!tried.works) {
    const suspect = tried.suspects.find((each) => left.includes(each));
    const [culprit, place] = suspect ? ([suspect, tried.place] as const) : await firstCulprit(left);
    broken.set(culprit, place);
    last = culprit;
    left = left.filter((each) => each !== culprit);
    tried = await attempt(left);
  }
  // One that was dropped before the last culprit may be innocent, or harmless by now.
  for (const step of [...broken.keys()].filter((each) => each !== last)) {
    const again = await attempt([...left, step]);
    if (!again.works) {
      broken.set(step, again.place);
      continue;
    }
    broken.delete(step);
    left = [...left, step];
  }
  return { kept: left, broken, runs };

  /**
   * The step whose addition breaks it, when steps are added one by one: found by halving; and the run that failed with it.
   * `failing` does not work.
   */
  async function firstCulprit(failing: readonly S[]): Promise<readonly [culprit: S, place: number]> {
    let works = 0;
    let fails = failing.length;
    while (fails - works > 1) {
      const middle = Math.floor((works + fails) / 2);
      if ((await attempt(failing.slice(0, middle))).works) works = middle;
      else fails = middle;
    }
    const { place } = await attempt(failing.slice(0, fails));
    return [failing[fails - 1] as S, place];
  }
}
