import { statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { deviceNumbers } from "./device-node.ts";

describe("deviceNumbers", () => {
  it("splits a dev_t as makedev(3) made it", () => {
    expect(deviceNumbers(0x0103)).toEqual({ major: 1, minor: 3 });
    // 8:300 and 259:70000: minors beyond a byte, majors beyond 12 bits' worth of minors.
    expect(deviceNumbers(0x10082c)).toEqual({ major: 8, minor: 300 });
    expect(deviceNumbers(0x11110370)).toEqual({ major: 259, minor: 70_000 });
  });

  it("knows /dev/null", () => {
    expect(deviceNumbers(statSync("/dev/null").rdev)).toEqual({ major: 1, minor: 3 });
  });
});
