import fc from "fast-check";
import { expect, it } from "vitest";
import { wildcard } from "./wildcard.ts";

it.each([
  ["web", "web", true],
  ["web", "web2", false],
  ["*", "", true],
  ["w*b", "wb", true],
  ["w*b", "w", false],
  ["ab*ba", "aba", false],
  ["a*", "a\nb", true],
  ["a.c", "abc", false],
  ["**", "x", true],
])("%s on %j: %s", (pattern, text, matches) => {
  expect(wildcard(pattern)(text)).toBe(matches);
});

it("law: matches what a regular expression with .* matches", () => {
  const texts = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 12 });
  const patterns = fc.string({ unit: fc.constantFrom("a", "b", ".", "*"), maxLength: 6 });
  fc.assert(
    fc.property(texts, patterns, (text, pattern) => {
      const expression = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*")}$`);
      expect(wildcard(pattern)(text)).toBe(expression.test(text));
    }),
  );
});

it("comes to an end where many parts match a long text almost", () => {
  expect(wildcard(`${"*a".repeat(30)}*b`)("a".repeat(10_000))).toBe(false);
});
