import { describe, expect, it } from "vitest";
import { askedOf, type Refused } from "../../why/outcome.ts";
import type { Fate } from "../../why/refusal.ts";
import { ruleOf } from "../../why/rules.ts";
import { newsOf } from "./refusals.ts";

const container = askedOf({
  ...{ Id: "1", Name: "/web", Config: { Image: "own" } },
  HostConfig: { ReadonlyRootfs: true, CapDrop: ["ALL"] },
});

/** Seconds after the container began. */
function refused(seconds: number, error: "EROFS" | "ENXIO", fate: Fate = { kind: "survived" }): Refused {
  const refusal = {
    ...{ container: "1", pid: 5, process: "app", time: seconds, call: "mkdir", words: undefined, error },
    ...{ isSeccomp: false, missing: [], texts: ["/x"], fate },
  };
  const rule = ruleOf(refusal, container.facts);
  return { container, call: "mkdir(/x)", refusal, rule, line: undefined, time: seconds * 1_000, count: 1 };
}

const known = () => ({ since: 0, kinds: new Set<string>() });
const said = (each: Refused, one = known()) => newsOf(each, one).map(({ finding }) => finding);

describe("what a container is refused is news", () => {
  it("at once where the program ended by it, with the setting to change", () => {
    const [finding] = said(refused(1, "EROFS", { kind: "exit", status: 3 }));
    expect(finding).toMatchObject({ control: "read-only-rootfs", severity: "medium", verdict: "pass" });
    expect(finding?.message).toMatch(
      /^app had mkdir\(\/x\) refused by the read-only root, and ended with status 3; to allow it: --tmpfs \/x/,
    );
  });

  it("else when it begins after the first minute: before, it may be what a program tries and does without", () => {
    expect(said(refused(59, "EROFS"))).toEqual([]);
    expect(said(refused(61, "EROFS"))[0]).toMatchObject({ severity: "low" });
    const one = known();
    said(refused(59, "EROFS"), one);
    expect(said(refused(61, "EROFS"), one)).toEqual([]);
  });

  it("once", () => {
    const one = known();
    expect(said(refused(61, "EROFS"), one)).toHaveLength(1);
    expect(said(refused(62, "EROFS"), one)).toEqual([]);
    // A program did without it, and then one did not.
    expect(said(refused(63, "EROFS", { kind: "exit", status: 1 }), one)).toHaveLength(1);
    expect(said(refused(64, "EROFS", { kind: "exit", status: 1 }), one)).toEqual([]);
    expect(said(refused(65, "EROFS"), one)).toEqual([]);
  });

  it("where a rule is known, and of containers that are", () => {
    expect(said(refused(61, "ENXIO"))).toEqual([]);
    expect(newsOf(refused(61, "EROFS"), undefined)).toEqual([]);
  });
});
