import { expect, it } from "vitest";
import { cpusIn } from "./cpu-set.ts";

it.each([
  ["0", 1],
  ["0-3", 4],
  ["0-3,8", 5],
  ["8, 0-3", 5],
  ["0-3,2-5,3", 6],
  ["0-999999999", 1_000_000_000],
  ["3-1", undefined],
  ["", undefined],
  ["a", undefined],
  ["0-", undefined],
])("%j has %s", (list, count) => {
  expect(cpusIn(list)).toBe(count);
});
