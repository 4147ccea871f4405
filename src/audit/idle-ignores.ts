import { dirname, relative, resolve } from "node:path";
import { didYouMean } from "../base/suggest.ts";
import { isInForce } from "../model/exemption.ts";
import { type Gap, gap } from "../model/gap.ts";
import type { Subject } from "../model/subject.ts";
import type { Ignore } from "./ignores.ts";

/** The same ignores, which remember whether they silenced something. */
export function remembering(ignores: readonly Ignore[]): {
  readonly ignores: readonly Ignore[];
  readonly used: ReadonlySet<Ignore["at"]>;
} {
  const used = new Set<Ignore["at"]>();
  const watched = ignores.map(
    (ignore): Ignore => ({
      ...ignore,
      matches(where) {
        const matched = ignore.matches(where);
        if (matched) used.add(ignore.at);
        return matched;
      },
    }),
  );
  return { ignores: watched, used };
}

/** What was looked at, as far as it says whether an ignore had a chance. */
export interface Looked {
  /** The controls that were judged. */
  readonly controls: ReadonlySet<string>;
  /** Every folder that was walked. */
  readonly folders: readonly string[];
  /** Whether an Engine was read, whose subjects a rule of the configuration may mean. */
  readonly live: boolean;
  readonly subjects: readonly Subject[];
  /** Today, YYYY-MM-DD. */
  readonly today: string;
}

/** Ignores that have expired, and those that silence nothing: each is dead weight, or hides a mistake. */
export function idleIgnores(
  ignores: readonly Ignore[],
  used: ReadonlySet<Ignore["at"]>,
  looked: Looked,
): readonly Gap[] {
  return ignores.flatMap((ignore) => {
    const { control, suppression, at } = ignore;
    if (!isInForce(suppression, looked.today)) {
      return [gap(`the ignore of ${control} expired on ${suppression.until}: its findings count again`, at)];
    }
    if (used.has(at) || !hadItsChance(ignore, looked)) return [];
    const { subject, file, image, project } = ignore;
    const names = [...new Set(looked.subjects.map(({ name }) => name))];
    const isUnknown = subject !== undefined && !looked.subjects.some((each) => ignore.isAbout?.(each));
    if (isUnknown) {
      const meant = didYouMean(subject, names);
      return [gap(`the ignore of ${control} names ${subject}, but nothing here has that name${meant}`, at)];
    }
    const about = [subject, file, image, project].filter((word) => word !== undefined).join(", ");
    const what = about === "" ? control : `${control} for ${about}`;
    return [gap(`the ignore of ${what} matches no finding: remove it or correct it`, at)];
  });
}

/**
 * A rule of the configuration may mean what was not looked at: it is idle where the whole folder of bulkhead.yaml was
 * walked, or where it names what was looked at (or nearly so).
 */
function hadItsChance(ignore: Ignore, { controls, folders, live, subjects }: Looked): boolean {
  const { control, at, subject, image, project } = ignore;
  if (control !== "*" && !controls.has(control)) return false;
  if (at.location) return true;
  if (!live && (image ?? project) !== undefined) return false;
  const base = dirname(resolve(at.file ?? "."));
  if (folders.some((folder) => !relative(resolve(folder), base).startsWith(".."))) return true;
  if (subject === undefined) return false;
  const names = subjects.map(({ name }) => name);
  return subjects.some((each) => ignore.isAbout?.(each)) || (!live && didYouMean(subject, names) !== "");
}
