import { expect, test } from "vitest";
import { didYouMean } from "./suggest.ts";

const names = ["privileged", "privileged-exec", "docker-socket-mount", "memory-limit", "sarif"];

test.each([
  ["privilged", "privileged"],
  ["docker-socket", "docker-socket-mount"],
  ["memroy-limit", "memory-limit"],
  ["SARIF", "sarif"],
  ["srif", "sarif"],
])("%s is meant to be %s", (typed, meant) => {
  expect(didYouMean(typed, names)).toBe(` (did you mean ${meant}?)`);
});

test("a part of several names suggests them", () => {
  expect(didYouMean("limit", ["memory-limit", "cpu-limit"])).toBe(" (did you mean memory-limit, cpu-limit?)");
});

test.each(["", "x", "kubernetes"])("%j is near to none", (typed) => {
  expect(didYouMean(typed, names)).toBe("");
});
