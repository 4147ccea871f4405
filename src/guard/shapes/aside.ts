import { quote } from "../json/quote.ts";

/** What a reading of a request puts aside: it does not go into the values that are judged. */
export interface Aside {
  /** What clients send and no Engine reads, by place: `query Image`, `HostConfig.Foo`. Never a value. */
  readonly dropped: string[];
  /** Whole numbers that JavaScript rounds, with their digits as they were written. */
  readonly exact: Map<number, string>;
  /** Characters of names and paths so far: what the checks read again and again. */
  named: number;
}

/** The log names so many, and then only counts. */
const mostNamed = 16;

export function emptyAside(): Aside {
  return { dropped: [], exact: new Map(), named: 0 };
}

export function drop(aside: Aside, place: string): void {
  aside.dropped.push(aside.dropped.length < mostNamed ? place : "");
}

/** `query Image`: a name of the client's may hold anything. */
export function placeOf(kind: string, name: string): string {
  return `${kind} ${/^[A-Za-z][\w.-]{0,40}$/.test(name) ? name : quote(name, 40)}`;
}

/** The places that were dropped, as the audit log has them. */
export function droppedPlaces({ dropped }: Pick<Aside, "dropped">): readonly string[] {
  const more = dropped.length - mostNamed;
  return more > 0 ? [...dropped.slice(0, mostNamed), `and ${more} more`] : dropped;
}
