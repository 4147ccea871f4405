import fc from "fast-check";
import { expect, test } from "vitest";
import { applyEdits } from "./writing.ts";

const edit = (start: number, end: number, text: string) => ({ file: "f", start, end, text });

test("edits are made in the order of their places, whatever order they come in", () => {
  expect(applyEdits("abcdef", [edit(4, 5, "E"), edit(0, 1, ""), edit(3, 3, "--")])).toBe("bc--dEf");
});

test("two insertions at one place stay in their order", () => {
  expect(applyEdits("ab", [edit(1, 1, "1"), edit(1, 1, "2")])).toBe("a12b");
});

test("overlapping edits are a fault", () => {
  expect(() => applyEdits("abcdef", [edit(0, 3, ""), edit(2, 4, "")])).toThrow(/overlap/);
});

test("what lies outside an edit is untouched", () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), fc.string(), (text, a, b, put) => {
      const [start, end] = [a % (text.length + 1), b % (text.length + 1)].toSorted((x, y) => x - y);
      const changed = applyEdits(text, [edit(start ?? 0, end ?? 0, put)]);
      expect(changed.startsWith(text.slice(0, start))).toBe(true);
      expect(changed.endsWith(text.slice(end))).toBe(true);
      expect(changed.length).toBe(text.length - ((end ?? 0) - (start ?? 0)) + put.length);
    }),
  );
});
