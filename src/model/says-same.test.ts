import { expect, test } from "vitest";
import { container } from "./container.ts";
import { set, unresolved } from "./fact.ts";
import { saysSame } from "./writing.ts";

const here = { file: "a", startLine: 1, startColumn: 1, endLine: 1, endColumn: 2 };

test.each([
  ["the same values at other places", { pidsLimit: set(5, here) }, { pidsLimit: set(5) }, true],
  ["another value", { pidsLimit: set(5) }, { pidsLimit: set(6) }, false],
  ["a value and none", { pidsLimit: set(5) }, {}, false],
  ["a list in another order", { capAdd: [set("A"), set("B")] }, { capAdd: [set("B"), set("A")] }, true],
  ["a list with one item twice", { capAdd: [set("A"), set("A")] }, { capAdd: [set("A"), set("B")] }, false],
  ["unresolved for another reason", { user: unresolved("a") }, { user: unresolved("b") }, true],
  ["unresolved and set", { user: unresolved("a") }, { user: set("a") }, false],
])("%s", (_, one, other, expected) => {
  expect(saysSame(container("declared", one), container("declared", other))).toBe(expected);
  expect(saysSame(container("declared", other), container("declared", one))).toBe(expected);
});
