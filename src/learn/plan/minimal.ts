/** What a run with some members showed. */
export interface Without {
  readonly works: boolean;
  /** Why it does not. */
  readonly reason: string | undefined;
}

export interface Minimal<M> {
  /** Each with what fails without it. */
  readonly needed: ReadonlyMap<M, string>;
  readonly runs: number;
}

/**
 * A smallest set with which it works: without any one of its members it fails. All members together are known to work, and a
 * member more never hurts. Each is left out by itself first, several runs at a time.
 */
export async function minimalSet<M>(
  members: readonly M[],
  run: (kept: readonly M[]) => Promise<Without>,
  atOnce: number,
): Promise<Minimal<M>> {
  let runs = 0;
  const attempt = async (kept: readonly M[]): Promise<Without> => {
    runs += 1;
    return await run(kept);
  };
  const alone = await inParallel(members, atOnce, async (member) => ({
    member,
    ...(await attempt(members.filter((each) => each !== member))),
  }));
  const needed = new Map<M, string>();
  for (const { member, works, reason } of alone)
    if (!works) needed.set(member, reason ?? "it fails without it");
  const spare = members.filter((member) => !needed.has(member));
  if (spare.length < 2) return { needed, runs };
  const least = await attempt([...needed.keys()]);
  if (least.works) return { needed, runs };
  // One of several does: the first that can go goes.
  let kept = [...members];
  for (const member of spare) {
    const rest = kept.filter((each) => each !== member);
    const tried = await attempt(rest);
    if (tried.works) kept = rest;
    else needed.set(member, tried.reason ?? "it fails without it");
  }
  return { needed, runs };
}

/** Maps with at most so many at work. */
async function inParallel<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as T);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
