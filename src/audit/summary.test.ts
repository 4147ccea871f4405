import { expect, test } from "vitest";
import { finding, reportOf } from "../../test/support/report.ts";
import type { Finding } from "./finding.ts";
import { exitStatus } from "./summary.ts";

const subjects = [{ id: "a", name: "a" }];

function status(more: Partial<Finding>, failOn: "high" | "medium" | "none" = "high") {
  const one = { ...finding({ control: "host-network", subject: "a" }), ...more };
  return exitStatus(reportOf(subjects, [one], { failOn }));
}

test.each([
  [{ severity: "high" }, "high", 1],
  [{ severity: "critical" }, "high", 1],
  [{ severity: "medium" }, "high", 0],
  [{ severity: "medium" }, "medium", 1],
  [{ severity: "critical" }, "none", 0],
  [{ severity: "critical", verdict: "unknown" }, "high", 0],
  [{ severity: "critical", baseline: "unchanged" }, "high", 0],
  [{ severity: "critical", baseline: "new" }, "high", 1],
  [{ severity: "critical", suppressed: { kind: "config", reason: "known", until: null } }, "high", 0],
] as const)("%j from %s on: %i", (more, failOn, expected) => {
  expect(status(more, failOn)).toBe(expected);
});

test("a gap wins over findings", () => {
  const gap = { file: "x", subject: undefined, reason: "broken", location: undefined };
  const report = reportOf(subjects, [finding({ control: "privileged", subject: "a" })], { gaps: [gap] });
  expect(exitStatus(report)).toBe(2);
});
