import { describe, expect, it } from "vitest";
import { failed, ok } from "../../base/result.ts";
import { sayWays, verdict } from "./verdict.ts";
import type { WayTried } from "./ways.ts";

const words = { refusals: ["EPERM", "ENOSYS"], looser: "a privileged container" };

/** Ways by name: what each came to, an error or `open`, in this ABI. */
function ways(came: Readonly<Record<string, string>>, abi: WayTried["abi"] = "native"): readonly WayTried[] {
  return Object.entries(came).map(([what, error]) => ({
    what,
    abi,
    error: error === "open" ? undefined : error,
  }));
}

function judged(subject: Readonly<Record<string, string>>, looser: Readonly<Record<string, string>>) {
  return verdict(ways(subject), ok(ways(looser)), words);
}

describe("a right", () => {
  it("is not held where one way is open, whatever the others and the looser container say", () => {
    for (const looser of [ok(ways({ a: "EPERM" })), ok([]), failed("none")]) {
      expect(verdict(ways({ a: "EPERM", b: "open", c: "EIO" }), looser, words)).toEqual({
        outcome: "notHeld",
        evidence: "b succeeds",
      });
    }
  });

  it("is held where every way is refused, and one at least succeeds in the looser container", () => {
    expect(judged({ a: "EPERM", b: "ENOSYS" }, { a: "open", b: "open" })).toEqual({
      outcome: "held",
      evidence: "a: EPERM; b: ENOSYS; in a privileged container it succeeds",
    });
  });

  it("does not hang on a way that the kernel does not have, or refuses to everybody", () => {
    const shown = "a: EPERM; in a privileged container it succeeds";
    expect(judged({ a: "EPERM", b: "EPERM" }, { a: "open", b: "ENOSYS" }).evidence).toBe(shown);
    expect(judged({ a: "EPERM", b: "EIO" }, { a: "open", b: "ENOENT" }).evidence).toBe(shown);
    expect(judged({ a: "EPERM", b: "EPERM" }, { a: "open", b: "EPERM" }).evidence).toBe(shown);
    // Alone, neither shows anything.
    expect(judged({ a: "EPERM" }, { a: "ENOSYS" }).outcome).toBe("inconclusive");
    expect(judged({ a: "EPERM", b: "EPERM" }, { a: "EPERM", b: "ENODEV" })).toEqual({
      outcome: "inconclusive",
      evidence: "a, b: EPERM, but in a privileged container it fails, too: a: EPERM; b: ENODEV",
    });
  });

  it("is inconclusive where one way fails with an error that no layer gives", () => {
    expect(judged({ a: "EPERM", b: "EIO" }, { a: "open", b: "open" })).toEqual({
      outcome: "inconclusive",
      evidence: "b: EIO, where EPERM or ENOSYS was expected",
    });
    expect(judged({ a: "EPERM", b: "EIO" }, { a: "open" }).outcome).toBe("inconclusive");
  });

  it("is inconclusive where one way fails in the looser container for a fault of its own", () => {
    expect(judged({ a: "EPERM", b: "EPERM" }, { a: "open", b: "EFAULT" })).toEqual({
      outcome: "inconclusive",
      evidence: "b: EPERM, but in a privileged container it fails, too: b: EFAULT",
    });
    // An error that is no refusal, there and here.
    expect(judged({ a: "EPERM", b: "EIO" }, { a: "open", b: "EPERM" }).outcome).toBe("inconclusive");
  });

  it("counts the refusal of a path that only the subject has, and not its absence", () => {
    expect(judged({ a: "EPERM", b: "EPERM" }, { a: "open" }).evidence).toContain("a, b: EPERM");
    expect(judged({ a: "EPERM", b: "ENOENT" }, { a: "open" }).evidence).toMatch(/^a: EPERM; in /);
    expect(judged({ b: "EPERM" }, {}).outcome).toBe("inconclusive");
  });

  it("is inconclusive where nothing was tried, or there is no looser container", () => {
    expect(verdict([], ok([]), words).evidence).toBe("nothing was tried");
    expect(verdict(ways({ a: "EPERM" }), failed("it was refused"), words)).toEqual({
      outcome: "inconclusive",
      evidence: "a: EPERM; no looser container: it was refused",
    });
  });

  it("tells ABIs apart: a kernel without 32-bit calls kills who makes one", () => {
    const [native, there] = [ways({ a: "EPERM" }), ways({ a: "open" })];
    const by32 = (error: string) => ways({ a: error }, "i386");
    const outcome = (here: string, looser: string) =>
      verdict([...native, ...by32(here)], ok([...there, ...by32(looser)]), words);
    expect(outcome("open", "open")).toEqual({ outcome: "notHeld", evidence: "a as a 32-bit call succeeds" });
    expect(outcome("EPERM", "open")).toMatchObject({
      outcome: "held",
      evidence: "a: EPERM, as 32-bit calls, too; in a privileged container it succeeds",
    });
    expect(outcome("SIGSEGV", "SIGSEGV").outcome).toBe("held");
    expect(outcome("SIGSEGV", "open").outcome).toBe("inconclusive");
    expect(
      verdict(ways({ a: "EPERM", b: "SIGSEGV" }), ok(ways({ a: "open", b: "SIGSEGV" })), words).outcome,
    ).toBe("inconclusive");
  });

  it("compares a way through a setuid program with the way itself", () => {
    const tried = ways({ "a through a program that is setuid root (the bounding set allows it)": "EPERM" });
    expect(verdict(tried, ok(ways({ a: "open" })), words).outcome).toBe("held");
  });
});

it("ways are said by what they came to, with the layer that said no", () => {
  const refused: WayTried = { what: "a", abi: "native", error: "EPERM", layer: "seccomp" };
  expect(sayWays([refused, { ...refused, what: "b" }, { ...refused, what: "c", error: "ENOSYS" }])).toBe(
    "a, b: EPERM (seccomp); c: ENOSYS (seccomp)",
  );
  expect(sayWays([refused, { ...refused, abi: "x32", error: "SIGSYS" }])).toBe(
    "a: EPERM (seccomp); a as an x32 call: SIGSYS (seccomp)",
  );
  expect(sayWays(ways({ a: "open", b: "open" }))).toBe("a, b succeed");
});
