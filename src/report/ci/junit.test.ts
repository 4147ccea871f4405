import { describe, expect, test } from "vitest";
import { finding, fixtureNames, readFixture, reportOf, testContext } from "../../../test/support/report.ts";
import type { Finding, Report } from "../../audit/finding.ts";
import { junit } from "./junit.ts";

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
}

/** A strict reader of the XML that a reporter writes: anything but balanced, quoted, escaped markup throws. */
function parse(xml: string): Element {
  const root: Element = { name: "#document", attributes: {}, children: [] };
  const open = [root];
  const rest = xml
    .replace(/^<\?xml version="1.0" encoding="UTF-8"\?>\n/, "")
    .replaceAll(
      /<(\/?)([a-z-]+)((?: [a-z]+="[^"<>]*")*)(\/?)>|[^<]+/g,
      (
        token,
        close: string | undefined,
        name: string | undefined,
        attributes: string | undefined,
        alone: string | undefined,
      ) => {
        if (name === undefined) {
          expect(token).not.toMatch(/&(?!(?:amp|lt|gt|quot|apos);)/);
          return "";
        }
        if (close) {
          expect(open.pop()?.name).toBe(name);
          return "";
        }
        const pairs = [...(attributes ?? "").matchAll(/ ([a-z]+)="([^"]*)"/g)].map((match) => [
          match[1],
          match[2],
        ]);
        const element = { name, attributes: Object.fromEntries(pairs), children: [] };
        open.at(-1)?.children.push(element);
        if (!alone) open.push(element);
        return "";
      },
    );
  expect(rest).toBe("");
  expect(open).toEqual([root]);
  const [only] = root.children;
  if (!only || root.children.length !== 1) throw new Error("not one root element");
  return only;
}

describe("is well-formed, and counts what it holds", () => {
  test.each(fixtureNames)("%s", (name) => {
    const { report, context } = readFixture(name);
    const suites = parse(junit(report, context));
    expect(suites.name).toBe("testsuites");
    for (const suite of suites.children) {
      const cases = suite.children.filter((child) => child.name === "testcase");
      const having = (outcome: string) =>
        String(cases.filter((one) => one.children.some((child) => child.name === outcome)).length);
      expect(suite.attributes).toMatchObject({
        tests: String(cases.length),
        failures: having("failure"),
        errors: having("error"),
        skipped: having("skipped"),
      });
      expect(suite.attributes.timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/);
    }
  });
});

test("a failure is what the audit fails for: by --fail-on, and not in the baseline", () => {
  const outcomes = (failOn: Report["failOn"], more: Partial<Finding> = {}) => {
    const one = finding({ control: "memory-limit", subject: "a", severity: "medium", ...more });
    const report = reportOf([{ id: "a", name: "a" }], [one], { failOn });
    return parse(junit(report, testContext()))
      .children[0]?.children.filter(({ attributes }) => attributes.name === "memory-limit")
      .map(({ children }) => children[0]?.name);
  };
  expect(outcomes("high")).toEqual(["skipped"]);
  expect(outcomes("medium")).toEqual(["failure"]);
  expect(outcomes("medium", { baseline: "unchanged" })).toEqual(["skipped"]);
  expect(outcomes("medium", { baseline: "new" })).toEqual(["failure"]);
  expect(outcomes("none")).toEqual(["skipped"]);
  expect(outcomes("medium", { verdict: "unknown" })).toEqual(["error"]);
  expect(outcomes("high", { verdict: "unknown" })).toEqual(["skipped"]);
});

test("a verdict is an outcome, and unknown is never passed", () => {
  const suppressed = { kind: "comment", reason: "known", until: null } as const;
  const report = reportOf(
    [{ id: "a", name: "a" }],
    [
      finding({ control: "docker-socket-mount", subject: "a" }),
      finding({ control: "memory-limit", subject: "a", verdict: "unknown" }),
      finding({ control: "io-limit", subject: "a", verdict: "notApplicable" }),
      finding({ control: "host-network", subject: "a", suppressed }),
    ],
    { gaps: [{ file: "x", subject: undefined, reason: "broken", location: undefined }] },
  );
  const suites = parse(junit(report, testContext())).children;
  const outcomes = suites.map((suite) =>
    suite.children
      .filter((child) => child.name === "testcase")
      .map((one) => [one.attributes.name, one.children[0]?.name ?? "passed"]),
  );
  expect(outcomes).toEqual([
    [
      ["privileged", "passed"],
      ["docker-socket-mount", "failure"],
      ["memory-limit", "skipped"],
      ["io-limit", "skipped"],
      ["host-network", "skipped"],
    ],
    [["x", "error"]],
  ]);
});

test("control characters do not reach the XML", () => {
  const { report, context } = readFixture("hostile");
  expect(junit(report, context).replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cs}\u202e]/u);
});
