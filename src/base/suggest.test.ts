import { expect, test } from "vitest";
import { didYouMean, suggestion } from "./suggest.ts";

const names = ["privileged", "privileged-exec", "docker-socket-mount", "memory-limit", "sarif"];

test.each([
  ["privilged", "privileged"],
  ["docker-socket", "docker-socket-mount"],
  ["memroy-limit", "memory-limit"],
  ["SARIF", "sarif"],
  ["srif", "sarif"],
])("%s is meant to be %s", (typed, meant) => {
  expect(suggestion(typed, names)).toBe(meant);
});

test.each(["", "x", "kubernetes"])("%j is near to none", (typed) => {
  expect(didYouMean(typed, names)).toBe("");
});
