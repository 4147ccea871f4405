import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseStat } from "./status.ts";

const stat = (name: string, state: string) =>
  `8919 (${name}) ${state} 8895 8919 8919 0 -1 4194560 257 0 0 0 0 1 0 0 20 0 1 0 131415 4562944 1 18446744073709551615`;

const plain = { isKernels: false, forkedOnly: false };

describe("/proc/PID/stat", () => {
  it("is read past a command that looks like fields", () => {
    expect(parseStat(stat("sleep", "S"))).toEqual({ ended: false, started: 131_415, ...plain });
    expect(parseStat(stat("a) Z 1 (b", "S"))).toEqual({ ended: false, started: 131_415, ...plain });
    expect(parseStat(stat("sleep", "Z"))).toEqual({ ended: true, started: 131_415, ...plain });
  });

  it("says that a process is ending: its cgroups are gone by then", () => {
    expect(parseStat(stat("sleep", "R").replace("4194560", "4194564")).ended).toBe(true);
  });

  it("says that a process was forked and has executed no program since", () => {
    expect(parseStat(stat("sleep", "S").replace("4194560", "4194624")).forkedOnly).toBe(true);
  });

  it("never throws", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary-ascii" }), (text) => {
        const { started, ended } = parseStat(text);
        expect([typeof started, typeof ended]).toEqual(["number", "boolean"]);
      }),
    );
  });
});
