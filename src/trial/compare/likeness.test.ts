import { describe, expect, test } from "vitest";
import { differenceFrom, givenOf, likenessOf } from "./likeness.ts";

const given = (text: string) => givenOf(Buffer.from(text));

describe("what two untouched runs gave masks what varies", () => {
  test.each([
    ["the same, where both were the same", ["a page\n", "a page\n"], "a page\n", undefined],
    [
      ...["another page, where both were the same", ["the shop\n", "the shop\n"], "Welcome to nginx!\n"],
      "says “Welcome to nginx!” instead",
    ],
    ["a time, which varied", ["up 3 s: ok", "up 4 s: ok"], "up 9 s: ok", undefined],
    [
      ...["a word, which did not vary", ["up 3 s: ok", "up 4 s: ok"], "up 9 s: down"],
      "says “up 9 s: down” instead",
    ],
    ["a line more, where their number varied", ["a\nb\n", "a\nx\nb\n"], "a\ny\nz\nb\n", undefined],
    ["without a line that both had", ["a\nb\n", "a\nx\nb\n"], "a\n", "lacks the line “b”"],
    ["anything, where nothing was alike", ["abc", "def"], "ghi", undefined],
  ] as const)("%s", (_, samples, later, difference) => {
    expect(differenceFrom(likenessOf(samples.map(given)), given(later))).toBe(difference);
  });

  test("bytes that are no text are compared by their digest", () => {
    const bytes = (last: number) => givenOf(Buffer.from([0, 1, last]));
    expect(differenceFrom(likenessOf([bytes(2), bytes(2)]), bytes(2))).toBeUndefined();
    expect(differenceFrom(likenessOf([bytes(2), bytes(2)]), bytes(3))).toContain("another content");
    expect(differenceFrom(likenessOf([bytes(2), bytes(4)]), bytes(3))).toBeUndefined();
  });
});
