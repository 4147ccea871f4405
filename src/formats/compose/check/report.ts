import { type Gap, gap } from "../../../model/gap.ts";
import { originAt, type TextRange } from "../yaml/node.ts";

export interface Gaps {
  readonly all: readonly Gap[];
  /** A complaint with its place. The same one at the same place (an anchor that many use) is reported once. */
  readonly at: (issue: Issue, subject?: string) => void;
  /** Something about a file as a whole. */
  readonly about: (file: string, reason: string) => void;
}

/** More than anybody reads; a file made of mistakes should not fill the memory. */
const most = 500;

export function collectGaps(): Gaps {
  const all: Gap[] = [];
  const seen = new Set<string>();
  function add(key: string, make: () => Gap): void {
    if (seen.has(key) || all.length > most) return;
    seen.add(key);
    all.push(all.length < most ? make() : gap("there is more that could not be read", { file: make().file }));
  }
  return {
    all,
    at: ({ reason, place }, subject) =>
      add(`${place.source.file}\n${place.start}\n${reason}`, () =>
        gap(reason, { subject, location: originAt(place) }),
      ),
    about: (file, reason) => add(`${file}\n${reason}`, () => gap(reason, { file })),
  };
}

/** Something docker compose refuses the file for, or that could not be read. */
export interface Issue {
  /** One clause, without any value of the file: what stands there may be a secret. */
  readonly reason: string;
  readonly place: TextRange;
}
