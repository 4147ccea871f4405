import { expect, test } from "vitest";
import { minorOf } from "./versions.ts";

test.each([
  ["1.24", 24],
  ["1.54", 54],
  [1.24, 24],
  // YAML makes that of 1.30.
  [1.3, 30],
  ["1.3", undefined],
  ["1.23", undefined],
  ["1.55", undefined],
  ["2.30", undefined],
  ["", undefined],
])("%s", (word, minor) => {
  expect(minorOf(word)).toBe(minor);
});
