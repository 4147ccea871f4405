import { expect, test } from "vitest";
import { failed, ok } from "../../base/result.ts";
import { writeInCycle } from "./write-cycle.ts";

/** Units are numbers; a sum above ten is not what was meant. */
function cycle(units: readonly number[]) {
  const tried: number[] = [];
  const result = writeInCycle({
    together: () => {
      const sum = units.reduce((all, unit) => all + unit, 0);
      return sum <= 10 ? sum : undefined;
    },
    start: 0,
    units,
    add: (sum, unit) => {
      tried.push(unit);
      return sum + unit <= 10 ? ok(sum + unit) : failed(`${unit} is too much`);
    },
  });
  return { ...result, tried };
}

test("all units are written at once where the result is right", () => {
  expect(cycle([1, 2, 3])).toEqual({ state: 6, refused: [], tried: [] });
});

test("else each is tried beside those already made, and only what spoils the result is refused", () => {
  expect(cycle([4, 9, 5])).toEqual({
    state: 9,
    refused: [{ unit: 9, reason: "9 is too much" }],
    tried: [4, 9, 5],
  });
});
