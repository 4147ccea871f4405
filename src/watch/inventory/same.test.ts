import fc from "fast-check";
import { expect, it } from "vitest";
import { set, unset } from "../../model/fact.ts";
import { isSame } from "./same.ts";

it("compares facts by what they hold", () => {
  expect(isSame(set(1, { kernel: "/proc/1/status" }), set(1, { kernel: "/proc/1/status" }))).toBe(true);
  expect(isSame(set(1), set(2))).toBe(false);
  expect(isSame(set(1), unset)).toBe(false);
  expect(isSame(set(new Set(["SYS_ADMIN"])), set(new Set(["SYS_ADMIN"])))).toBe(true);
  expect(isSame(set(new Set(["SYS_ADMIN"])), set(new Set(["CHOWN"])))).toBe(false);
  expect(isSame({ a: undefined }, {})).toBe(false);
  expect(isSame(new Map([["a", [1]]]), new Map([["a", [1]]]))).toBe(true);
});

it("law: same as their texts, for what has one", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const copy: unknown = JSON.parse(JSON.stringify(a));
      expect(isSame(copy, JSON.parse(JSON.stringify(copy)))).toBe(true);
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
      expect(isSame(copy, JSON.parse(JSON.stringify(b)))).toBe(plain(a) === plain(b));
    }),
  );
});
