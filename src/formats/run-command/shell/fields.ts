import type { Passage, Piece, Range } from "../passage.ts";
import { type Hole, hole, type Word, wordOf } from "../word.ts";
import type { Scope } from "./scope.ts";

/** What words are expanded with. */
export interface Expansion {
  readonly source: Passage;
  readonly scope: Scope;
  readonly home: string;
  /** What `$(pwd)` and `$PWD` give. */
  readonly folder: string;
  /** Characters that variables may still put in: a short script could multiply them without end. */
  readonly budget: { left: number };
}

interface Field {
  readonly pieces: Piece[];
  readonly holes: Hole[];
  many: boolean;
  /** Something stands there, if only empty quotes. */
  present: boolean;
}

export interface State {
  readonly given: Expansion;
  readonly at: Range;
  readonly done: Field[];
  current: Field;
  length: number;
  /** The outermost `${NAME:-…}` whose default is being read: a change must not get into the braces. */
  within: Range | undefined;
}

export function newState(given: Expansion, at: Range): State {
  return { given, at, done: [], current: newField(), length: 0, within: undefined };
}

function newField(): Field {
  return { pieces: [], holes: [], many: false, present: false };
}

export function fields(state: State): readonly Word[] {
  const all = [...state.done, state.current].filter((field) => field.present);
  return all.map((field) => wordOf(field.pieces, state.at, field.holes, field.many));
}

export function push(state: State, piece: Piece): void {
  state.current.present = true;
  if (piece.text === "") return;
  state.length += piece.text.length;
  const { within } = state;
  state.current.pieces.push(within ? { ...piece, at: within, written: piece.written ?? piece.at } : piece);
}

export function pushHole(state: State, at: Range, source: string, reason: string, many: boolean): void {
  state.current.present = true;
  state.current.pieces.push({ text: hole, at, written: undefined, exact: false });
  state.current.holes.push({ reason, source });
  if (many) state.current.many = true;
}

export function nextField(state: State): void {
  if (!state.current.present) return;
  state.done.push(state.current);
  state.current = newField();
}
