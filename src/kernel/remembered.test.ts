import { expect, it } from "vitest";
import { remembered } from "./files.ts";

it("parses a text once, and each other one", () => {
  let parsed = 0;
  const length = remembered((text) => {
    parsed += 1;
    return { length: text.length };
  });
  const first = length("abc");
  expect(length("abc")).toBe(first);
  expect(length("abcd")).toEqual({ length: 4 });
  expect(length("abc")).toBe(first);
  expect(parsed).toBe(2);
});

it("holds on to so many texts and no more", () => {
  const words = remembered((text) => ({ text }));
  const first = words("0");
  for (let at = 1; at <= 1_500; at += 1) words(String(at));
  expect(words("0")).toBe(first);
  for (let at = 1; at <= 3_000; at += 1) words(String(-at));
  expect(words("0")).not.toBe(first);
  expect(words("0")).toEqual({ text: "0" });
});
