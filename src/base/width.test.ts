import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { visible } from "./visible.ts";
import { displayWidth, padEnd, padStart, truncate, truncateStart, wrap } from "./width.ts";

test.each([
  ["", 0],
  ["abc", 3],
  ["grüße", 5],
  ["e\u0301", 1],
  ["日本", 4],
  ["👩‍💻", 2],
  ["🇪🇺", 2],
  ["✓ – …", 5],
])("%s takes %d columns", (text, columns) => {
  expect(displayWidth(text)).toBe(columns);
});

test("pads to columns, not characters", () => {
  expect(padEnd("日本", 6)).toBe("日本  ");
  expect(padStart("7", 3)).toBe("  7");
  expect(padEnd("longer", 3)).toBe("longer");
});

test("cuts the end, or for a path the start", () => {
  expect(truncate("abcdef", 4)).toBe("abc…");
  expect(truncate("日本語", 4)).toBe("日…");
  expect(truncateStart("a/b/compose.yaml", 8)).toBe("…se.yaml");
  expect(truncate("abc", 3)).toBe("abc");
});

describe("wrap", () => {
  test("breaks at spaces", () => {
    expect(wrap("one two three four", 9)).toEqual(["one two", "three", "four"]);
  });

  test("breaks a long word where it must", () => {
    expect(wrap("see /a/very/long/path", 10)).toEqual(["see", "/a/very/lo", "ng/path"]);
  });

  test("keeps every character and fits the width", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 8, max: 100 }), (raw, width) => {
        const text = visible(raw);
        const lines = wrap(text, width);
        expect(lines.join("").replaceAll(/\s/g, "")).toBe(text.replaceAll(/\s/g, ""));
        for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});
