import type { Result } from "../../base/result.ts";

/** What a format needs for the cycle. `Unit` stands or falls as a whole; `State` is what has been made so far. */
export interface WriteCycle<Unit, State> {
  /** Everything at once, read again. Undefined where the result does not say what was meant. */
  readonly together: () => State | undefined;
  readonly start: State;
  readonly units: readonly Unit[];
  /** One more unit beside those already made, read again. */
  readonly add: (state: State, unit: Unit) => Result<State>;
}

export interface CycleResult<Unit, State> {
  readonly state: State;
  readonly refused: readonly { readonly unit: Unit; readonly reason: string }[];
}

/**
 * How every format writes: write all patches, read the result again, compare. If it does not say what was meant, try one
 * unit after another, and refuse those that spoil the result.
 */
export function writeInCycle<Unit, State>(cycle: WriteCycle<Unit, State>): CycleResult<Unit, State> {
  const whole = cycle.together();
  if (whole !== undefined) return { state: whole, refused: [] };
  let state = cycle.start;
  const refused: { readonly unit: Unit; readonly reason: string }[] = [];
  for (const unit of cycle.units) {
    const next = cycle.add(state, unit);
    if (next.ok) state = next.value;
    else refused.push({ unit, reason: next.reason });
  }
  return { state, refused };
}
