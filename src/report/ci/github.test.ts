import { expect, test } from "vitest";
import {
  at,
  finding,
  fixtureNames,
  manyReport,
  readFixture,
  reportOf,
  testContext,
} from "../../../test/support/report.ts";
import type { Finding, Report } from "../../audit/finding.ts";
import { github } from "./github.ts";

const subjects = [{ id: "a", name: "web" }];

test("a finding is a command with its place, worst first", () => {
  const report = reportOf(subjects, [
    finding({ control: "io-limit", subject: "a", locations: [at("./c.yaml", 2, 3, 9)], message: "is slow" }),
    finding({
      control: "privileged",
      subject: "a",
      locations: [at("c.yaml", 4, 5, 6)],
      message: "is privileged",
    }),
    finding({ control: "memory-limit", subject: "a", message: "has no limit" }),
  ]);
  expect(github(report, testContext()).split("\n")).toEqual([
    "::error file=c.yaml,line=4,endLine=4,col=5,endColumn=6,title=critical%3A privileged::web: Is privileged.",
    "::warning title=medium%3A memory-limit::web: Has no limit.",
    "::notice file=c.yaml,line=2,endLine=2,col=3,endColumn=9,title=low%3A io-limit::web: Is slow.",
    "bulkhead: 3 findings (1 critical, 1 medium, 1 low) in 1 subject, 0 unknown, 0 suppressed, 0 not read.",
    "",
  ]);
});

test("an error is what the audit fails for; what the baseline has is not annotated", () => {
  const one = { control: "memory-limit", subject: "a", message: "has no limit" } as const;
  const kinds = (failOn: Report["failOn"], more: Partial<Finding> = {}) =>
    github(reportOf(subjects, [finding({ ...one, ...more })], { failOn }), testContext()).split(" ")[0];
  expect(kinds("medium")).toBe("::error");
  expect(kinds("high")).toBe("::warning");
  expect(kinds("critical", { severity: "high" })).toBe("::warning");
  expect(kinds("medium", { baseline: "unchanged" })).toBe("bulkhead:");
});

test("a file whose name holds an escape sequence commands no terminal", () => {
  const location = at("a\u001b[2Jb.yaml", 1, 1, 2);
  const report = reportOf(subjects, [
    finding({ control: "privileged", subject: "a", locations: [location] }),
  ]);
  expect(github(report, testContext())).toContain("file=a\\x1b[2Jb.yaml,");
});

test("no more of a kind than GitHub shows, and the rest is counted", () => {
  const lines = github(manyReport(50, 11), testContext()).trimEnd().split("\n");
  for (const kind of ["error", "warning", "notice"]) {
    expect(lines.filter((line) => line.startsWith(`::${kind} `))).toHaveLength(10);
  }
  expect(lines[0]).toContain("critical");
  expect(lines.at(-1)).toMatch(/^bulkhead: \d+ more are not annotated/);
});

test.each(fixtureNames)("%s: each line is a command of this reporter's own, or a plain one", (name) => {
  const { report, context } = readFixture(name);
  for (const line of github(report, context).trimEnd().split("\n")) {
    expect(line).toMatch(
      /^(?:::(?:error|warning|notice) (?:[a-zA-Z]+=[^:,\n]*,?)+::[^\n]*|bulkhead: [^\n]*)$/,
    );
    expect(line).not.toMatch(/\p{Cc}/u);
  }
});
