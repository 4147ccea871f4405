import { expect, test } from "vitest";
import { joinKeys } from "./join-keys.ts";

test.each([
  [["cap_add: [A]", "cap_add: [B]"], ["cap_add: [A, B]"]],
  [["read_only: true", "read_only: true"], ["read_only: true"]],
  [
    ["logging: { options: { max-size: 10m } }", "x: 1", 'logging: { options: { max-file: "3" } }'],
    ['logging: { options: { max-size: 10m, max-file: "3" } }', "x: 1"],
  ],
  [
    ['"log-opts": { "max-size": "10m" }', '"log-opts": { "max-file": "3" }'],
    ['"log-opts": { "max-size": "10m", "max-file": "3" }'],
  ],
  [
    ['ports: ["a"]  # instead of ports: ["b"]', 'ports: ["c"]'],
    ['ports: ["a"]  # instead of ports: ["b"]', 'ports: ["c"]'],
  ],
  [
    ["--read-only", "--cap-drop ALL"],
    ["--read-only", "--cap-drop ALL"],
  ],
])("%j", (lines, joined) => {
  expect(joinKeys(lines)).toEqual(joined);
});
