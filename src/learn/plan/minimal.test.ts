import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { minimalSet } from "./fit.ts";

const letters = ["a", "b", "c", "d", "e", "f"] as const;

/** A workload that works where one of each group is there. */
function needing(groups: readonly (readonly string[])[]) {
  return (kept: readonly string[]) => {
    const missing = groups.find((group) => !group.some((each) => kept.includes(each)));
    return Promise.resolve({ works: !missing, reason: missing && `needs ${missing.join(" or ")}` });
  };
}

describe("minimalSet", () => {
  it("keeps what fails by itself, with why, and drops the rest in one go", async () => {
    const { needed, runs } = await minimalSet(letters, needing([["b"], ["e"]]), 2);
    expect([...needed]).toEqual([
      ["b", "needs b"],
      ["e", "needs e"],
    ]);
    expect(runs).toBe(7);
  });

  it("keeps one of two that can stand in for each other", async () => {
    const { needed } = await minimalSet(letters, needing([["a", "c"]]), 4);
    expect([...needed]).toEqual([["c", "needs a or c"]]);
  });

  it("runs nothing where there is nothing to leave out", async () => {
    expect(await minimalSet([], needing([]), 4)).toEqual({ needed: new Map(), runs: 0 });
  });

  it("gives a set that works, and fails without any one of its members", async () => {
    const group = fc.subarray([...letters], { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(group, { maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        async (groups, atOnce) => {
          const works = needing(groups);
          const { needed } = await minimalSet(letters, works, atOnce);
          const kept = [...needed.keys()];
          expect((await works(kept)).works).toBe(true);
          for (const each of kept) {
            expect((await works(kept.filter((other) => other !== each))).works).toBe(false);
          }
        },
      ),
    );
  });

  it("has no more runs at work than it may", async () => {
    let now = 0;
    let most = 0;
    const run = async () => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 2));
      now -= 1;
      return { works: false, reason: "no" };
    };
    await minimalSet(letters, run, 3);
    expect(most).toBe(3);
  });
});
