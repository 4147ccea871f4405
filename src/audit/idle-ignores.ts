import { dirname, relative, resolve } from "node:path";
import { type Gap, gap } from "../model/gap.ts";
import { type Ignore, isOver } from "./ignores.ts";

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
    if (isOver(suppression, looked.today)) {
      return [gap(`the ignore of ${control} expired on ${suppression.until}: its findings count again`, at)];
    }
    if (used.has(at) || !hadItsChance(ignore, looked)) return [];
    return [gap(`the ignore of ${control} matches no finding: remove it, or move it to what it means`, at)];
  });
}

function hadItsChance({ control, at }: Ignore, { controls, folders, live }: Looked): boolean {
  if (control !== "*" && !controls.has(control)) return false;
  if (at.location) return true;
  const base = dirname(resolve(at.file ?? "."));
  return live && folders.some((folder) => !relative(resolve(folder), base).startsWith(".."));
}
