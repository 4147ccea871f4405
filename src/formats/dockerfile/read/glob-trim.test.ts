import { expect, test } from "vitest";
import { globTrim } from "./expand.ts";

test.each([
  ["3.20.1", "%", ".*", "3.20"],
  ["3.20.1", "%", "%.*", "3"],
  ["a/b/c", "#", "*/", "b/c"],
  ["a/b/c", "#", "#*/", "c"],
  ["v1", "#", "v", "1"],
  ["v1", "#", "?", "1"],
  ["v1", "%", "x", "v1"],
  ["a*b*c", "#", "*b*", undefined],
] as const)("%s%s%s", (value, operator, operand, expected) => {
  expect(globTrim(value, operator, operand)).toBe(expected);
});
