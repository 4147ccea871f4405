import { expect, test } from "vitest";
import { resolvePlain } from "./scalar.ts";

test.each([
  ["0644", 420],
  ["0o17", 15],
  ["1_000", 1000],
  ["0x1F", 31],
  ["-0x1F", -31],
  ["0b11", 3],
  ["089", 89],
  [".5", 0.5],
  ["1e3", 1000],
  ["22:22", "22:22"],
  ["yes", "yes"],
  ["on", "on"],
  ["TRUE", true],
  ["False", false],
  ["~", null],
  ["", null],
  ["NULL", null],
  ["-", "-"],
  ["1.2.3", "1.2.3"],
  ["1e400", "1e400"],
  ["nginx", "nginx"],
])("%s is %j to docker compose", (text, value) => {
  expect(resolvePlain(text).value).toBe(value);
});

test("a number becomes the text that Go prints", () => {
  const texts = ["0644", "012345678901", "1.50", "12345678901234567890", "-0", "+5", "0.1e-7", "1e21"];
  expect(texts.map((text) => resolvePlain(text).text)).toEqual([
    "420",
    "1.2345678901e+10",
    "1.5",
    "12345678901234567890",
    "0",
    "5",
    "1e-08",
    "1e+21",
  ]);
});
