import { describe, expect, it } from "vitest";
import { errorLines, newErrors, shapeOf } from "./judge.ts";

describe("errorLines", () => {
  it("finds what reports a fault", () => {
    const log = "started\n[error] no\nmkdir: can't create directory 'x'\n0 errors\nopen: Permission denied\n";
    expect(errorLines(log)).toEqual([
      "[error] no",
      "mkdir: can't create directory 'x'",
      "open: Permission denied",
    ]);
  });
});

describe("newErrors", () => {
  it("takes two lines for one where only times, numbers and ids differ", () => {
    const before = "2026-11-27T05:00:01Z [error] 17#17: request 4f2a91bc from 10.0.0.2 failed";
    const after = "2027-01-02T11:59:59Z [error] 9#9: request 99aa00ff1 from 172.17.0.9 failed";
    expect(shapeOf(before)).toBe(shapeOf(after));
    expect(newErrors(after, [before])).toEqual([]);
  });

  it("gives a new one once, as it was written", () => {
    const log =
      "setgid(101) failed (1: Operation not permitted)\nsetgid(33) failed (1: Operation not permitted)";
    expect(newErrors(log, ["all is well"])).toEqual(["setgid(101) failed (1: Operation not permitted)"]);
  });
});
