import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { status } from "../testing/recorded-host.ts";
import { parseStatus } from "./status.ts";

describe("parseStatus", () => {
  it("reads effective ids, capabilities, seccomp, no-new-privs and the parent", () => {
    const text = status({
      name: "nginx",
      pid: 20,
      ppid: 10,
      uid: 101,
      cap: "0000000000000400",
      seccomp: 2,
      noNewPrivs: 1,
    });
    expect(parseStatus(text)).toMatchObject({
      name: "nginx",
      ppid: 10,
      uid: 101,
      nspid: [20, 1],
      seccomp: 2,
      noNewPrivs: true,
    });
    expect(parseStatus(text).capEffective).toEqual(new Set(["NET_BIND_SERVICE"]));
    expect(parseStatus(text).capAmbient).toEqual(new Set());
  });

  it("takes the effective uid, not the real one", () => {
    expect(parseStatus("Uid:\t1000\t0\t1000\t1000\n").uid).toBe(0);
  });

  it("leaves undefined what an old kernel does not print", () => {
    const old = parseStatus("Name:\tsh\nPPid:\t1\nUid:\t0\t0\t0\t0\nCapEff:\t0000001fffffffff\n");
    expect(old).toMatchObject({ seccomp: undefined, noNewPrivs: undefined, capAmbient: undefined });
    expect(old.capEffective?.has("SYS_ADMIN")).toBe(true);
  });

  it("does not let a command's name forge a field", () => {
    // The kernel prints a newline in the name as the two characters \ and n.
    expect(parseStatus("Name:\tx\\nSeccomp:\t2\nSeccomp:\t0\nSeccomp:\t2\n").seccomp).toBe(0);
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string({ unit: "binary-ascii" }), (text) => void parseStatus(text)));
    fc.assert(fc.property(fc.string(), (value) => void parseStatus(`CapEff:\t${value}\nUid:\t${value}`)));
  });
});
