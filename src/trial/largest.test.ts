import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { largestSet } from "./largest.ts";

const ten = [..."abcdefghij"];

/** A workload that works unless the chosen steps hold all of one of the bad sets. */
function workload(
  bad: readonly string[],
  suspectsOf: (chosen: readonly string[]) => readonly string[] = () => [],
) {
  const runs: string[] = [];
  const run = async (chosen: readonly string[]) => {
    runs.push(chosen.join(""));
    const works = !bad.some((set) => [...set].every((each) => chosen.includes(each)));
    return { works, suspects: works ? [] : suspectsOf(chosen) };
  };
  return { run, runs };
}

describe("largestSet", () => {
  it("runs once where all steps hold", async () => {
    const { run, runs } = workload([]);
    const { kept, broken } = await largestSet(ten, run);
    expect(kept).toEqual(ten);
    expect(broken.size).toBe(0);
    expect(runs).toEqual(["abcdefghij"]);
  });

  it("runs twice where the logs name the one step that breaks", async () => {
    const { run, runs } = workload(["g"], () => ["g"]);
    const { kept, broken } = await largestSet(ten, run);
    expect(kept.join("")).toBe("abcdefhij");
    expect([...broken.keys()]).toEqual(["g"]);
    expect(runs).toEqual(["abcdefghij", "abcdefhij"]);
  });

  it("finds one of ten without any hint in six runs", async () => {
    for (const culprit of ten) {
      const { run, runs } = workload([culprit]);
      const { kept } = await largestSet(ten, run);
      expect(kept).toEqual(ten.filter((each) => each !== culprit));
      expect(runs.length).toBeLessThanOrEqual(6);
    }
  });

  it("gives an innocent suspect back", async () => {
    const { run } = workload(["g"], (chosen) => ["a", "g"].filter((each) => chosen.includes(each)));
    const { kept, broken } = await largestSet(ten, run);
    expect(kept.join("")).toBe("bcdefhija");
    expect([...broken.keys()]).toEqual(["g"]);
  });

  it("keeps one of two steps that break only together", async () => {
    const { run } = workload(["cd"]);
    const { kept, broken } = await largestSet(ten, run);
    expect(kept).toHaveLength(9);
    expect(broken.size).toBe(1);
  });

  it("keeps nothing where every step breaks", async () => {
    const { run } = workload(ten, (chosen) => chosen.slice(0, 1));
    const { kept, broken } = await largestSet(ten, run);
    expect(kept).toEqual([]);
    expect(broken.size).toBe(10);
  });

  it("keeps only what was run as a whole and worked, and drops nothing that could be added back", async () => {
    const set = fc
      .uniqueArray(fc.constantFrom(...ten), { minLength: 1, maxLength: 3 })
      .map((each) => each.join(""));
    await fc.assert(
      fc.asyncProperty(
        fc.array(set, { maxLength: 4 }),
        fc.uniqueArray(fc.constantFrom(...ten)),
        async (bad, hints) => {
          const worksWith = (chosen: readonly string[]) =>
            !bad.some((each) => [...each].every((letter) => chosen.includes(letter)));
          const { run, runs } = workload(bad, (chosen) => hints.filter((each) => chosen.includes(each)));
          const { kept, broken } = await largestSet(ten, run);
          const sorted = ten.filter((each) => kept.includes(each));
          expect(worksWith(kept)).toBe(true);
          if (kept.length > 0) expect(runs).toContain(sorted.join(""));
          expect([...kept, ...broken.keys()].toSorted()).toEqual(ten);
          for (const [each, place] of broken) {
            expect(worksWith([...kept, each])).toBe(false);
            // The reason that is told comes from that run.
            const shown = [...(runs[place] ?? "")];
            expect(shown).toContain(each);
            expect(worksWith(shown)).toBe(false);
          }
        },
      ),
    );
  });
});
