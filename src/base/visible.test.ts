import fc from "fast-check";
import { expect, test } from "vitest";
import { visible } from "./visible.ts";

test.each([
  ["an escape sequence", "\u001b[31mred", "\\x1b[31mred"],
  ["a bell", "a\u0007", "a\\x07"],
  ["a line break", "a\nb\r", "a\\nb\\r"],
  ["a tab", "a\tb", "a b"],
  ["a C1 control", "\u009b2J", "\\x9b2J"],
  ["text that runs backwards", "\u202egnp.exe", "\\u202egnp.exe"],
  ["a zero-width space", "pass\u200bword", "pass\\u200bword"],
  ["half a character", "\ud83d!", "\\ud83d!"],
])("spells %s", (_, hostile, shown) => {
  expect(visible(hostile)).toBe(shown);
});

test.each(["plain", "grüße", "日本語", "👩‍💻 🇪🇺 e\u0301"])("leaves %s", (text) => {
  expect(visible(text)).toBe(text);
});

test("lets nothing through that a terminal obeys", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(visible(text)).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u);
    }),
  );
});
