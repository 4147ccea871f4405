import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isEqual } from "./equal.ts";

describe("isEqual", () => {
  it.each([
    [1, 1],
    ["a", "a"],
    [Number.NaN, Number.NaN],
    [
      { a: 1, b: [{ c: 2 }] },
      { b: [{ c: 2 }], a: 1 },
    ],
    [{ a: undefined, b: 1 }, { b: 1 }],
    [new Set([1, 2]), new Set([2, 1])],
    [new Map([["a", [1]]]), new Map([["a", [1]]])],
  ])("finds %j and %j the same", (one, other) => {
    expect(isEqual(one, other)).toBe(true);
  });

  it.each([
    [1, "1"],
    [null, {}],
    [[], {}],
    [[1], [1, 2]],
    [{ a: 1 }, { a: 2 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined, b: 1 }, { b: 2 }],
    [
      ["a", "b"],
      ["b", "a"],
    ],
    [new Set([1]), new Set([2])],
    [new Set([1]), {}],
    [new Map([["a", 1]]), new Map([["a", 2]])],
  ])("tells %j and %j apart", (one, other) => {
    expect(isEqual(one, other)).toBe(false);
    expect(isEqual(other, one)).toBe(false);
  });
});

it("agrees with the sorted JSON texts of two values", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const copy: unknown = JSON.parse(JSON.stringify(a));
      expect(isEqual(copy, JSON.parse(JSON.stringify(copy)))).toBe(true);
      const sorted = (value: unknown): unknown =>
        typeof value === "object" && value !== null && !Array.isArray(value)
          ? Object.fromEntries(
              Object.entries(value)
                .toSorted()
                .map(([key, item]) => [key, sorted(item)]),
            )
          : Array.isArray(value)
            ? value.map(sorted)
            : value;
      const plain = (value: unknown) => JSON.stringify(sorted(JSON.parse(JSON.stringify(value))));
      expect(isEqual(copy, JSON.parse(JSON.stringify(b)))).toBe(plain(a) === plain(b));
    }),
  );
});
