import { expect, test } from "vitest";
import { headOf } from "./words.ts";

test.each([
  ["has no memory limit: it can use all", "has no memory limit"],
  ["runs as root", "runs as root"],
  [
    "pids is not what the Engine says (the Engine says: 64; the kernel says: 1000): look who changed it",
    "pids is not what the Engine says (the Engine says: 64; the kernel says: 1000)",
  ],
  ["mounts C:\\ at /x: the host's", "mounts C:\\ at /x"],
  ["an open ( parenthesis: more", "an open ( parenthesis"],
])("the head of %j ends where its consequence begins", (message, head) => {
  expect(headOf(message)).toBe(head);
});
