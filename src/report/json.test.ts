import { describe, expect, test } from "vitest";
import { fixtureNames, readFixture } from "../../test/support/report.ts";
import { json } from "./json.ts";

function documentOf(name: string) {
  const { report, context } = readFixture(name);
  return JSON.parse(json(report, context));
}

describe("the document that scripts rely on", () => {
  test("begins with its version, and its keys have a fixed order", () => {
    expect(Object.keys(documentOf("one-subject"))).toEqual([
      "schemaVersion",
      "tool",
      "subjects",
      "findings",
      "gaps",
      "summary",
      "looked",
      "failOn",
      "fixed",
    ]);
    expect(documentOf("empty").schemaVersion).toBe(1);
  });

  test("lists failures, what is unknown, and what does not apply", () => {
    const verdicts = documentOf("one-subject").findings.map((one: { verdict: string }) => one.verdict);
    expect(new Set(verdicts)).toEqual(new Set(["fail", "unknown", "notApplicable"]));
  });

  test("has each key of a finding, a subject and a gap, null where there is nothing", () => {
    const { findings, subjects } = documentOf("one-subject");
    expect(Object.keys(findings[0])).toEqual([
      "control",
      "verdict",
      "severity",
      "subject",
      "message",
      "level",
      "locations",
      "fix",
      "suppressed",
      "fingerprint",
      "baseline",
      "views",
    ]);
    expect(findings[0].suppressed).toBeNull();
    expect(Object.keys(subjects[0])).toEqual(["id", "kind", "name", "source", "location", "verdicts"]);
    expect(documentOf("gaps-only").gaps[2]).toEqual({
      file: null,
      subject: "container:gone",
      reason: "the container vanished while it was read",
      location: null,
    });
  });

  test.each(fixtureNames)("ends with a line break and is printed for people: %s", (name) => {
    const { report, context } = readFixture(name);
    expect(json(report, context)).toMatch(/^\{\n {2}"schemaVersion": 1,\n[\s\S]*\n\}\n$/);
  });
});
