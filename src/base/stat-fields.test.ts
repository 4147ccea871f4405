import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { statFields } from "./stat-fields.ts";

it("fields have the numbers of the manual, whatever the command is called", () => {
  const fields = statFields("42 (a) (b c) S 7 42 42 0 -1\n");
  expect(fields[3]).toBe("S");
  expect(fields[4]).toBe("7");
  expect(fields[8]).toBe("-1");
  expect(fields[9]).toBeUndefined();
});

it("reads this process's own", () => {
  expect(statFields(readFileSync("/proc/self/stat", "utf8"))[4]).toBe(String(process.ppid));
});

it("finds nothing in another text", () => {
  expect(statFields("")[4]).toBeUndefined();
});
