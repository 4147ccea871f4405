/** When a watch saw that something came about. ISO 8601, UTC. */
export interface Since {
  /** The last look at which it was not so yet; undefined where nobody looked before. */
  readonly after: string | undefined;
  /** The first look at which it was so. */
  readonly seen: string;
}

/** `changed between 2027-01-31 12:00:31Z and 12:00:33Z`; `first seen at 2027-01-31 12:00:33Z`. */
export function saySince({ after, seen }: Since): string {
  if (after === undefined) return `first seen at ${saySecond(Date.parse(seen))}`;
  const from = saySecond(Date.parse(after));
  // The moment lies between these two seconds, not within the last one.
  const to = saySecond(Math.ceil(Date.parse(seen) / 1_000) * 1_000);
  const day = from.slice(0, "2027-01-31 ".length);
  return `changed between ${from} and ${to.startsWith(day) ? to.slice(day.length) : to}`;
}

/** As documents have them, by the field that came apart: `after` is null where nobody looked before. */
export function sincesInJson(sinces: Readonly<Record<string, Since>>) {
  return Object.fromEntries(
    Object.entries(sinces).map(([field, { after, seen }]) => [field, { after: after ?? null, seen }]),
  );
}

function saySecond(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
