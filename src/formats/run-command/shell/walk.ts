import type { Act } from "../acts.ts";
import type { Dialect } from "../dialect.ts";
import type { Folder } from "../folder.ts";
import {
  append,
  joinPieces,
  type Passage,
  type Piece,
  passage,
  type Range,
  rangeAt,
  slice,
} from "../passage.ts";
import { hole, type Word } from "../word.ts";
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
  /** What a pipe gives to the command at its end, by that command's place. */
  readonly piped: Map<number, Passage>;
  /** Whether it may write dockerd's configuration, by the look of it. */
  readonly mayConfigure: boolean;
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
    piped: new Map(),
    mayConfigure: /docker\/daemon\.json|docker\.service/.test(source.text),
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

/** A script that stands in an argument, with what is known of its unknown parts. */
interface Payload {
  readonly source: Passage;
  readonly variables: Map<string, Binding>;
}

/** A part that is not known stays one for the shell that reads the payload. */
export function payloadOf(script: Word): Payload {
  const variables = new Map<string, Binding>();
  const pieces = script.pieces.map((piece): Piece => {
    if (piece.text !== hole) return piece;
    const name = `unknown_${variables.size}`;
    const known = script.holes[variables.size];
    const reason = known?.reason ?? "a part of it is not known here";
    variables.set(name, { kind: "unknown", reason, ...(known && { source: known.source }) });
    return { ...piece, text: `\${${name}}` };
  });
  return { source: passage(joinPieces(pieces)), variables };
}

/**
 * The inside of backticks, which the parser gives with its escapes taken out, at its place in the file: a backslash in
 * front of `$`, a backtick or a backslash is dropped.
 */
export function backtickSource(own: string, outer: Passage, start: number, end: number): Passage {
  const text = outer.text.slice(start, end);
  const pieces: Piece[] = [];
  let from = 1;
  for (let index = 1; index < text.length - 1; index += 1) {
    if (text[index] !== "\\" || !'$`\\"'.includes(text[index + 1] ?? " ")) continue;
    append(pieces, slice(outer, start + from, start + index));
    from = index + 1;
    index += 1;
  }
  append(pieces, slice(outer, start + from, start + Math.max(from, text.length - 1)));
  const source = passage(pieces);
  if (source.text === own) return source;
  const [first] = slice(outer, start, end);
  const at = first ? { start: first.at.start, end: first.at.start + text.length } : { start: 0, end: 0 };
  return passage([{ text: own, at, written: undefined, exact: false }]);
}
