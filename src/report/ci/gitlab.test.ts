import { expect, test } from "vitest";
import { at, finding, reportOf, testContext } from "../../../test/support/report.ts";
import { gitlab } from "./gitlab.ts";

const subjects = [{ id: "c.yaml#web", name: "web" }];

test("an entry has what GitLab asks for", () => {
  const report = reportOf(subjects, [
    finding({ control: "privileged", subject: "c.yaml#web", locations: [at("./c.yaml", 4, 5, 6)] }),
  ]);
  expect(JSON.parse(gitlab(report, testContext()))).toEqual([
    {
      description: "web does something: with a consequence.",
      check_name: "privileged",
      fingerprint: "0123456789abcdef",
      severity: "blocker",
      location: { path: "c.yaml", lines: { begin: 4 } },
    },
  ]);
});

test("what is accepted, unknown or in the baseline is left out", () => {
  const one = { control: "privileged", subject: "c.yaml#web" };
  const suppressed = { kind: "comment", reason: "known", until: null } as const;
  const report = reportOf(subjects, [
    finding({ ...one, suppressed }),
    finding({ ...one, verdict: "unknown" }),
    finding({ ...one, baseline: "unchanged" }),
  ]);
  expect(JSON.parse(gitlab(report, testContext()))).toEqual([]);
});
