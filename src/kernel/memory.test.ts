import { expect, it } from "vitest";
import { openKernelMemory } from "./memory.ts";

const line = (target: string, options: string) => `1 0 8:1 / ${target} ${options} - ext4 /dev/sda1 rw\n`;

it("parses a mountinfo once as long as it is the same", () => {
  const memory = openKernelMemory();
  const first = memory.mounts("a", line("/", "ro"));
  expect(memory.mounts("a", line("/", "ro"))).toBe(first);
  expect(memory.mounts("b", line("/", "ro"))).not.toBe(first);
});

it("tells whether a mountinfo is the one that it knows", () => {
  const memory = openKernelMemory();
  expect(memory.hasMounts("a", line("/", "ro"))).toBe(false);
  memory.mounts("a", line("/", "ro"));
  expect(memory.hasMounts("a", line("/", "ro"))).toBe(true);
  expect(memory.hasMounts("a", line("/", "rw"))).toBe(false);
});

it("sees at once that it is another", () => {
  const memory = openKernelMemory();
  const isWritable = (text: string) => memory.mounts("a", text).table.at("/")?.options.has("rw");
  expect(isWritable(line("/", "ro"))).toBe(false);
  expect(isWritable(line("/", "rw"))).toBe(true);
  expect(isWritable(line("/", "ro"))).toBe(false);
  memory.forget("a");
  expect(isWritable(line("/", "rw"))).toBe(true);
});

it("forgets a container that the Engine does not know once it is gone", () => {
  const memory = openKernelMemory();
  memory.keepForeign(["a", "b"]);
  const [gone, there, known] = ["a", "b", "c"].map((key) => memory.mounts(key, line("/", "ro")));
  memory.keepForeign(["b"]);
  expect(memory.mounts("a", line("/", "ro"))).not.toBe(gone);
  expect(memory.mounts("b", line("/", "ro"))).toBe(there);
  expect(memory.mounts("c", line("/", "ro"))).toBe(known);
});
