import { existsSync, readFileSync, writeFileSync } from "node:fs";
import * as z from "zod/mini";

const path = "scripts/kernels/results.json";

/** One feature in one setting. What is not applicable has its reason; nothing is left out in silence. */
const cell = z.object({
  day: z.string(),
  seconds: z.number(),
  passed: z.number(),
  failed: z.array(z.object({ test: z.string(), why: z.string() })),
  notApplicable: z.array(z.string()),
});

const schema = z.record(
  z.string(),
  z.object({
    /** What the setting itself answered. */
    facts: z.object({
      kernel: z.string(),
      cgroup: z.string(),
      lsm: z.string(),
      engine: z.string(),
      store: z.string(),
    }),
    cells: z.record(z.string(), cell),
  }),
);

export type Cell = z.infer<typeof cell>;
export type Results = z.infer<typeof schema>;
export type Facts = Results[string]["facts"];

export function readResults(): Results {
  return existsSync(path) ? schema.parse(JSON.parse(readFileSync(path, "utf8"))) : {};
}

export function writeResults(results: Results): void {
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
}

const vitestReport = z.object({
  testResults: z.array(
    z.object({
      message: z.optional(z.string()),
      status: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.optional(z.nullable(z.array(z.string()))),
        }),
      ),
    }),
  ),
});

/** Out of vitest's JSON report. A test that `only` leaves out is `skipped`, too: a reason begins with `skipped: `, also in brackets. */
export function cellOf(report: unknown, day: string, seconds: number): Cell {
  const { testResults } = vitestReport.parse(report);
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests
    .filter(({ status }) => status === "failed")
    .map(({ fullName, failureMessages }) => ({ test: fullName, why: firstLine(failureMessages?.[0]) }));
  const broken = testResults
    .filter(
      ({ status, assertionResults }) =>
        status === "failed" && !assertionResults.some((each) => each.status === "failed"),
    )
    .map(({ message }) => ({ test: "its preparation", why: firstLine(message) }));
  const reasons = tests.flatMap(({ fullName, status }) =>
    status === "passed"
      ? []
      : (/(?:\(skipped: (.*)\)|skipped: (.*))$/
          .exec(fullName)
          ?.slice(1)
          .find((each) => each !== undefined) ?? []),
  );
  return {
    day,
    seconds: Math.round(seconds),
    passed: tests.filter(({ status }) => status === "passed").length,
    failed: [...failed, ...broken],
    notApplicable: [...new Set(reasons)],
  };
}

function firstLine(text: string | undefined): string {
  return (text ?? "").split("\n")[0]?.slice(0, 300) ?? "";
}
