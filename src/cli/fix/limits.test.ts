import { expect, test } from "vitest";
import { planForRun } from "../../../test/support/formats/plans.ts";
import { limitNames } from "../../fix/plan/limits.ts";
import { limitsOf, unusedLimits } from "./limits.ts";

const flags = { memory: 64 * 1024 ** 2, cpus: 1, pidsLimit: 90 };
const planOf = (line: string) => planForRun(line, { limits: limitsOf(flags, {}) });

test("a flag that a step is about, or that a step refuses, is used", () => {
  expect(unusedLimits(flags, [planOf("docker run nginx")], undefined)).toEqual([]);
  expect(unusedLimits(flags, [planOf("docker run --memory-reservation 1g nginx")], undefined)).toEqual([]);
});

test("one that no container needs is said", () => {
  const limited = planOf("docker run --memory 1g --cpus 2 --pids-limit 9 nginx");
  expect(unusedLimits(flags, [limited], undefined)).toEqual([
    "--memory changes nothing: no finding of memory-limit is left to fix here",
    "--cpus changes nothing: no finding of cpu-limit is left to fix here",
    "--pids-limit changes nothing: no finding of pids-limit is left to fix here",
  ]);
  expect(unusedLimits(flags, [limited, planOf("docker run nginx")], undefined)).toEqual([]);
  expect(unusedLimits({}, [limited], undefined)).toEqual([]);
});

test.each([{ only: ["root-user"] }, { skip: ["memory-limit"] }])("or that is left out: %j", (left) => {
  expect(unusedLimits({ memory: 1, ...left }, [], undefined)).toEqual([
    "--memory changes nothing: --only or --skip leaves memory-limit out",
  ]);
});

test("and why, where the Engine sets none", () => {
  const vain = { names: limitNames, why: "it is rootless on cgroup v1" };
  expect(unusedLimits({ memory: 1 }, [], vain)).toEqual([
    "--memory changes nothing: the Engine here sets no memory limits, since it is rootless on cgroup v1 (engine-limits)",
  ]);
});
