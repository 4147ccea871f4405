import type { Act } from "../acts.ts";
import type { Dialect } from "../dialect.ts";
import type { Folder } from "../folder.ts";
import { type Passage, passage, type Range, rangeAt } from "../passage.ts";
import type { Word } from "../word.ts";
import type { Expansion } from "./fields.ts";
import { type Binding, newScope } from "./scope.ts";

/** One `docker run`, `docker create`, `docker service create` or `docker service update` that a script runs. */
export interface RunCommand {
  /** What stands behind `run`. */
  readonly words: readonly Word[];
  /** From the command's first word to its last. */
  readonly at: Range;
  /** A variable of the environment that the docker CLI gets, where its value is known. */
  readonly passed: (name: string) => Word | undefined;
  /** Where it runs, if not where the rest of the file does. */
  readonly folder?: Folder | undefined;
  /** Whose flags the words are, if not docker run's. */
  readonly dialect?: Dialect | undefined;
}

/** Where a text could not be read, and why. */
export interface ShellError {
  readonly at: Range;
  readonly reason: string;
}

export interface ScriptSurroundings {
  readonly home: string;
  readonly folder: string;
  /** What is known before the first line. */
  readonly variables?: ReadonlyMap<string, Binding> | undefined;
}

/** The state of reading one script, its payloads included. */
export interface Walk extends Expansion {
  readonly found: RunCommand[];
  readonly acts: Act[];
  readonly errors: ShellError[];
  /** How many payloads this one stands in. */
  readonly depth: number;
  /** Bodies of functions, which run when everything else has been assigned. */
  readonly later: (() => void)[];
}

export function newWalk(source: Passage, around: ScriptSurroundings): Walk {
  return {
    source,
    scope: newScope(around.variables),
    home: around.home,
    folder: around.folder,
    budget: { left: 4_000_000 + 2 * source.text.length },
    found: [],
    acts: [],
    errors: [],
    depth: 0,
    later: [],
  };
}

export function fail(walk: Walk, start: number, end: number, reason: string): void {
  walk.errors.push({ at: rangeAt(walk.source, start, end), reason });
}

/** A separate text within the walk: the inside of backticks, a payload. */
export function within(walk: Walk, source: Passage): Walk {
  return { ...walk, source };
}

export const nothingToRead = passage([]);
